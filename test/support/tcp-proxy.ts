import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Stands between a client and a server on loopback, and makes the way between them bad. */
export interface TcpProxy {
  readonly port: number;
  /** Holds back what the server says for so long, milliseconds. */
  setDelayMs(delayMs: number): void;
  /** Ends all connections and refuses new ones until `mend`. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let delayMs = 0;
  let isCut = false;
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    if (isCut) return void client.destroy();
    const target = connect(targetPort, "127.0.0.1");
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.once("error", () => socket.destroy());
    }
    client.pipe(target);
    target.on("data", (chunk: Buffer) => {
      if (delayMs === 0) return void client.write(chunk);
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (!client.destroyed) client.write(chunk);
      }, delayMs);
      timers.add(timer);
    });
    target.once("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    setDelayMs: (next) => void (delayMs = next),
    cut: () => {
      isCut = true;
      destroyAll();
    },
    mend: () => void (isCut = false),
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      destroyAll();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
