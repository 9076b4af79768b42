/** The errors of a simulated operating system: the shape and the codes of Node's. */

export interface SystemError extends Error {
  readonly code: string
  readonly syscall: string
}

export function systemError(code: string, syscall: string, where?: string): SystemError {
  const message = where === undefined ? `${syscall} ${code}` : `${syscall} ${code} ${where}`
  return Object.assign(new Error(message), { code, syscall })
}
