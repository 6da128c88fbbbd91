/**
 * node-forge's ASN.1 reader and writer alone: the rest of the library (RSA, TLS, ciphers in JavaScript) is never loaded.
 * `@types/node-forge` knows only the library as a whole, and lacks the options of `fromDer`.
 */
declare module 'node-forge/lib/asn1.js' {
  interface Buffered {
    getBytes(): string
  }
  interface Value {
    readonly tagClass: number
    readonly type: number
    readonly constructed: boolean
    /** Bytes as a string of characters 0 to 255, or the values inside. */
    readonly value: string | Value[]
  }
  const asn1: {
    create(tagClass: number, type: number, constructed: boolean, value: string | readonly Value[]): Value
    fromDer(bytes: string, options: { strict: boolean; parseAllBytes: boolean; decodeBitStrings: boolean }): Value
    toDer(value: Value): Buffered
    oidToDer(oid: string): Buffered
    derToOid(bytes: string): string
    dateToUtcTime(date: Date): string
    dateToGeneralizedTime(date: Date): string
  }
  export default asn1
}
