import { connectivityState, type Client } from "@grpc/grpc-js";

/**
 * Longest time that a call waits for any replica to be connected, milliseconds: enough for one lost SYN, which is sent
 * again after a second.
 */
const CONNECT_WAIT_MS = 1_500;

/**
 * Limits the wait of a call that begins while no replica is connected. A refused connection fails a call at once, but
 * one that is neither refused nor answered, as by a process that hangs, would keep it for all of its deadline: grpc-js
 * has no time limit for connecting.
 *
 * @param giveUp called at most once
 * @returns ends the wait
 */
export function limitConnectWait(client: Client, giveUp: () => void): () => void {
  const isConnected = (): boolean =>
    client.getChannel().getConnectivityState(false) === connectivityState.READY;
  if (isConnected()) return () => {};
  const timer = setTimeout(() => {
    if (!isConnected()) giveUp();
  }, CONNECT_WAIT_MS);
  return () => clearTimeout(timer);
}
