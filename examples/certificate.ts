/** The certificate of `npm start`, from files of PEM, which are read again when they have been renewed. */
import { readFileSync } from 'node:fs'
import { type Context, type ServerTls, serverTls } from 'greenroom'

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** @throws what is wrong with the files. */
export function openCertificate(files: CertificateFiles): ServerTls {
  return serverTls(read(files))
}

/** For handshakes from now on. Where the files cannot be used the old certificate stays, and the log says why. */
export function renewCertificate({ log }: Context, tls: ServerTls, files: CertificateFiles): void {
  try {
    tls.reload(read(files))
    log.info(files, 'the certificate was read again')
  } catch (error) {
    log.error({ error, ...files }, 'the certificate cannot be used: the old one stays')
  }
}

function read({ cert, key }: CertificateFiles) {
  return { cert: readFileSync(cert), key: readFileSync(key) }
}
