export interface ListenerLimits {
  /** Connections beyond are told to come back; beyond twice as many they are not even accepted. */
  readonly connections: number;
  /** From one address. Behind a NAT that may be a whole site. */
  readonly connectionsPerPeer: number;
  /** From the connection to the end of the headers, and before that for the handshake of TLS. */
  readonly headersMs: number;
  /** For a request with its body; slow bodies are cut long before, by their headway. */
  readonly requestMs: number;
  /** A connection without headway. */
  readonly idleMs: number;
  /** Between two requests. */
  readonly keepAliveMs: number;
}

export const listenerLimits: ListenerLimits = {
  connections: 1_024,
  connectionsPerPeer: 512,
  headersMs: 30_000,
  requestMs: 3_600_000,
  idleMs: 120_000,
  keepAliveMs: 15_000,
};
