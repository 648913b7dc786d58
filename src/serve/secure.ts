import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { asDepotError, DepotError } from '../model/errors.js';
import { distrust } from '../protocol/distrust.js';
import type { JudgePeer, Peer, TlsMaterial } from '../protocol/tls.js';
import { replyError, type Exchange } from './reply.js';

export interface ListenerTls {
  /** Read when the listener opens, and again at each `renew`. */
  readonly material: () => TlsMaterial;
  readonly judge: JudgePeer;
  /** Requests that are answered whoever asks: those by which a depot gets a certificate. */
  readonly isOpen?: (request: IncomingMessage) => boolean;
  /** Told of those who were turned away. */
  readonly onPeerRefused?: (error: DepotError, address: string) => void;
}

/**
 * Whoever holds the certificate that a request came with; undefined for an open request without an acceptable one.
 * Others are answered with the reason, since the refusals of TLS 1.3 itself say nothing that a person could act on.
 * @returns `refused` where the request has been answered already
 */
export function admit(exchange: Exchange, tls: ListenerTls): Peer | undefined | 'refused' {
  const { request, response } = exchange;
  try {
    return peerOf(request.socket as TLSSocket, tls.judge);
  } catch (thrown) {
    if (tls.isOpen?.(request) === true) return undefined;
    const error = asDepotError(thrown, 'judge the certificate of a child');
    tls.onPeerRefused?.(error, request.socket.remoteAddress ?? '');
    if (error === noCertificate) response.statusCode = 401;
    response.setHeader('connection', 'close');
    replyError(exchange, error);
    return 'refused';
  }
}

const noCertificate = new DepotError(
  'certificate-refused',
  'a depot shows its certificate to its parent; there was none',
  {
    hint: '`depot join` gets one, with a token that `depot invite` gives at a depot above',
  },
);

function peerOf(socket: TLSSocket, judge: JudgePeer): Peer {
  const leaf = socket.getPeerX509Certificate();
  // Before `authorized`, which is true for a resumed session without a certificate.
  if (leaf === undefined) throw noCertificate;
  if (!socket.authorized) throw unauthorized(socket);
  return judge(leaf);
}

function unauthorized({ authorizationError }: TLSSocket): DepotError {
  // Declared to be an error, it is the code of one.
  const reason = String(authorizationError);
  const subject = 'the certificate of the depot that asks';
  return (
    distrust(reason, subject, 'own') ?? new DepotError('certificate-refused', `${subject} is not valid: ${reason}`)
  );
}
