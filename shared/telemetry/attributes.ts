import {
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from "@opentelemetry/semantic-conventions";

/**
 * Every attribute that spans and metrics of ours carry; nothing else may become one. None holds text of a caller.
 * Those of metrics have few values: all but `attempt`, `guide` and `messageCount`, which only spans carry.
 */
export const ATTRIBUTE = {
  rpcSystem: ATTR_RPC_SYSTEM_NAME,
  rpcMethod: ATTR_RPC_METHOD,
  rpcStatus: ATTR_RPC_STATUS_CODE,
  serverAddress: ATTR_SERVER_ADDRESS,
  serverPort: ATTR_SERVER_PORT,
  errorType: ATTR_ERROR_TYPE,
  dbSystem: ATTR_DB_SYSTEM_NAME,
  /** Name of a command of Redis. */
  dbOperation: ATTR_DB_OPERATION_NAME,
  httpStatus: ATTR_HTTP_RESPONSE_STATUS_CODE,
  /** Messages of a stream that have passed. */
  messageCount: "wayfarer.message_count",
  /** Full name of a service of ours. */
  service: "wayfarer.service",
  /** For example `providers/overpass`. */
  provider: "wayfarer.provider",
  /** `ProviderOutcome.Kind` without its prefix. */
  outcome: "wayfarer.outcome",
  /** `ErrorReason` without its prefix. */
  reason: "wayfarer.reason",
  /** Number of a provider attempt within its call, from 1. */
  attempt: "wayfarer.attempt",
  /** `SectionKind` without its prefix. */
  sectionKind: "wayfarer.section_kind",
  /** State of a provider's circuit: `closed`, `half-open`, `open`. */
  circuit: "wayfarer.circuit",
  /** `open`, `busy` or `queued`. */
  socketState: "wayfarer.socket_state",
  /** What answered a DNS lookup: `hit`, `miss`, `stale`, `error`. */
  lookup: "wayfarer.dns.lookup",
  /** What a cache lookup was for: `guide` or `content`. */
  cacheEntry: "wayfarer.cache.entry",
  /** `CacheDecision` without its prefix; several of one content are joined by commas in its span event. */
  cacheDecision: "wayfarer.cache.decision",
  /** `memory` or `redis`. */
  cacheTier: "wayfarer.cache.tier",
  /** Why entries were evicted: `room` for others in memory, or `request` of an operator. */
  evictionCause: "wayfarer.cache.eviction_cause",
  /** Resource name of the guide. */
  guide: "wayfarer.guide",
} as const;
