/** Every attribute that spans and metrics of ours carry; nothing else may become one. None holds text of a caller. */
export const ATTRIBUTE = {
  rpcSystem: "rpc.system.name",
  rpcMethod: "rpc.method",
  rpcStatus: "rpc.status_code",
  serverAddress: "server.address",
  errorType: "error.type",
  httpStatus: "http.response.status_code",
  provider: "wayfarer.provider",
  outcome: "wayfarer.outcome",
  reason: "wayfarer.reason",
  attempt: "wayfarer.attempt",
  sectionKind: "wayfarer.section_kind",
  cacheEntry: "wayfarer.cache.entry",
  cacheDecision: "wayfarer.cache.decision",
  guide: "wayfarer.guide",
} as const;
