import { Redis } from "ioredis";
import calculateSlot from "cluster-key-slot";
import { freePort, startRedisServer, type RedisServer } from "./server.ts";

const SLOT_COUNT = 16_384;
/** After so long without an answer a node counts as failing, milliseconds. */
const NODE_TIMEOUT_MS = 1_000;

const CLUSTER_OPTIONS = [
  "--cluster-node-timeout",
  String(NODE_TIMEOUT_MS),
  "--cluster-require-full-coverage",
  "no",
];

/** Several `redis-server` that share the slots, without replicas. */
export interface RedisCluster {
  /** As `REDIS_URL` has it. */
  readonly url: string;
  readonly nodes: readonly RedisServer[];
  /** The node that holds a key. */
  readonly nodeOf: (key: string) => RedisServer;
  readonly close: () => Promise<void>;
}

/** Talks to one node for the length of a task. */
export async function askNode<T>(node: RedisServer, task: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(node.url, { retryStrategy: () => 50, disableClientInfo: true });
  // Said by what fails because of it.
  client.on("error", () => {});
  try {
    return await task(client);
  } finally {
    client.disconnect();
  }
}

/** Whether a node sees all the others, and every slot with one of them that lives. */
export async function isWhole(node: RedisServer): Promise<boolean> {
  const info = await askNode(node, (client) => client.cluster("INFO"));
  return /cluster_state:ok/.test(info) && new RegExp(`cluster_slots_ok:${SLOT_COUNT}\\b`).test(info);
}

/**
 * Starts a cluster of masters that goes on serving the slots of its living nodes when one of them is gone.
 *
 * @returns undefined when this machine has no Redis and cannot get one
 */
export async function startRedisCluster(nodeCount: number): Promise<RedisCluster | undefined> {
  const nodes: RedisServer[] = [];
  const busPorts: number[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.close()));
  };
  const startOf = (index: number): number => Math.ceil((index * SLOT_COUNT) / nodeCount);
  try {
    for (let index = 0; index < nodeCount; index += 1) {
      // The default, ten thousand above the port, may be none.
      const busPort = await freePort();
      const node = await startRedisServer({
        args: ["--cluster-enabled", "yes", "--cluster-port", String(busPort), ...CLUSTER_OPTIONS],
      });
      if (node === undefined) return undefined;
      nodes.push(node);
      busPorts.push(busPort);
      await askNode(node, async (client) => {
        await client.cluster("SET-CONFIG-EPOCH", index + 1);
        await client.call("CLUSTER", "ADDSLOTSRANGE", startOf(index), startOf(index + 1) - 1);
        const [first] = nodes;
        const [firstBus] = busPorts;
        if (first !== undefined && firstBus !== undefined && index > 0)
          await client.call("CLUSTER", "MEET", "127.0.0.1", first.port, firstBus);
      });
    }
    for (const node of nodes)
      while (!(await isWhole(node))) await new Promise((resolve) => setTimeout(resolve, 20));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(",")}`,
    nodes,
    nodeOf: (key) => {
      const slot = calculateSlot(key);
      const found = nodes.find((_node, index) => slot < startOf(index + 1));
      if (found === undefined) throw new Error("no node holds the slot");
      return found;
    },
    close,
  };
}
