/** The tests' certificates: see certificates/make.sh. */
import { readFileSync } from 'node:fs'
import type { Certificate } from 'greenroom'

const read = (name: string) => readFileSync(new URL(`./certificates/${name}`, import.meta.url), 'utf8')

/** Who vouches for all of them but `stranger`. */
export const authority = read('authority.pem')

export function certificate(
  name: 'server' | 'renewed' | 'example' | 'wildcard' | 'client' | 'expired' | 'stranger',
): Certificate {
  return { cert: read(`${name}.pem`), key: read(`${name}.key`) }
}
