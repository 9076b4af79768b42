/**
 * TLS as the loop sees it: who a server is, whom a client trusts, and what the two have agreed on. The cryptography is the
 * poller's: node's is `node-tls.ts`, and the memory network has none.
 */

/** PEM: the text of a file, or its bytes. */
export type Pem = string | Uint8Array

export interface Certificate {
  /** The certificate, and behind it those that lead to an authority which clients know. */
  readonly cert: Pem
  readonly key: Pem
  /** Of the key, where it has one. */
  readonly passphrase?: string
}

export interface ServerTlsOptions extends Certificate {
  /** Certificates for other names of this server (SNI): `b.example`, or `*.b.example` for all that have one label more. Any other name, or none, gets the one above. */
  readonly names?: Readonly<Record<string, Certificate>>
  /** Clients show certificates of these authorities. */
  readonly clients?: {
    readonly ca: Pem | readonly Pem[]
    /** Whoever shows none, or another's, is refused. Default true; else `TlsSession.trouble` tells. */
    readonly isRequired?: boolean
  }
  /** Default TLSv1.2 (RFC 8996 has put the earlier ones away). */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** As OpenSSL lists them. Default: Node's. */
  readonly ciphers?: string
}

export interface ClientTlsOptions {
  /** Authorities that are trusted. Default: those that come with Node. */
  readonly ca?: Pem | readonly Pem[]
  /** Shown to servers that ask for one. */
  readonly identity?: Certificate
  /** The name that the server has to have a certificate for. Default: the host of the endpoint. */
  readonly serverName?: string
  /** Speaks also with servers that nobody vouches for: `TlsSession.trouble` tells of them. For tests. Default false. */
  readonly trustsAnyone?: boolean
  /** Default TLSv1.2. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
}

/** What a server shows its clients. Made by `serverTls`; any number of listeners may have the same one. */
export interface ServerTls {
  readonly side: 'server'
  /**
   * Takes other certificates: for handshakes that begin from now on. Connections that are open go on as they are.
   *
   * @throws UsageError (`TLS_OPTION_INVALID`) for what cannot be used; then the old ones stay.
   */
  reload(options: ServerTlsOptions): void
}

/** Whom a client trusts. Made by `clientTls`; any number of connections may have the same one. */
export interface ClientTls {
  readonly side: 'client'
}

/** How one stream is to be secured. */
export interface Securing {
  readonly tls: ServerTls | ClientTls
  /** Protocols that are spoken here, the dearest first (ALPN, RFC 7301). None: the peer is not asked. A peer that asks for others alone is refused. */
  readonly alpn: readonly string[]
  /** For a client: whom it wants to reach. */
  readonly host?: string
}

/** What a handshake has agreed on. */
export interface TlsSession {
  /** `TLSv1.2`, `TLSv1.3`. */
  readonly version: string
  readonly cipher: string
  /** The protocol that both sides speak; undefined where it was not spoken of. */
  readonly alpn: string | undefined
  /** The name that the client asked for. */
  readonly serverName: string | undefined
  /** An earlier session was gone on with. */
  readonly isResumed: boolean
  /** The peer's certificate (DER); undefined where it has shown none. */
  readonly peerCertificate: Uint8Array | undefined
  /** Why the peer's certificate is not to be trusted, as OpenSSL calls it; undefined where it is, or where none was asked for. */
  readonly trouble: string | undefined
}
