import { createSocket } from "node:dgram";

/** A name server of one name. */
export interface DnsServer {
  /** `host:port`. */
  readonly address: string;
  /** IPv4 addresses that the name has from now on; with none of them it does not exist. */
  readonly setAddresses: (addresses: readonly string[]) => void;
  readonly close: () => Promise<void>;
}

const HEAD_BYTES = 12;
const TYPE_A = 1;
const NAME_ERROR = 3;
/** Bytes of an answer before its address: a pointer to the name in the question, type, class, life, length (RFC 1035). */
const RECORD_HEAD = Buffer.from([0xc0, HEAD_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4]);

/** Every question is taken for one about the name. */
export async function startDnsServer(): Promise<DnsServer> {
  let addresses: readonly string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (question, { port, address }) => {
    const endOfName = question.indexOf(0, HEAD_BYTES);
    const asked = question.subarray(HEAD_BYTES, endOfName + 5);
    const records = question.readUInt16BE(endOfName + 1) === TYPE_A ? addresses : [];
    const head = Buffer.alloc(HEAD_BYTES);
    question.copy(head, 0, 0, 2);
    // A response, with recursion, and whether the name exists.
    head.writeUInt16BE(0x8180 | (addresses.length === 0 ? NAME_ERROR : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    const answers = records.map((record) =>
      Buffer.concat([RECORD_HEAD, Buffer.from(record.split(".").map(Number))]),
    );
    socket.send(Buffer.concat([head, asked, ...answers]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    setAddresses: (next) => void (addresses = next),
    close: () => new Promise((resolve) => void socket.close(() => resolve())),
  };
}
