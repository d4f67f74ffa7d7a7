import type { ClientOptions } from "@grpc/grpc-js";
import { SPARE_OVERLOADED } from "./spare-overloaded.ts";

/** Whole seconds as grpc-js wants them inside a balancing policy; elsewhere in a service config it wants "2s". */
const seconds = (count: number): { readonly seconds: number; readonly nanos: number } => ({
  seconds: count,
  nanos: 0,
});

const ROUND_ROBIN = { round_robin: {} } as const;

/**
 * Takes a replica out that fails what the others answer, as gRFC A50 says it. Every status but OK counts, so also calls
 * that hang until they are given up.
 */
const OUTLIER_DETECTION = {
  outlier_detection: {
    // What a broken replica can cost before it is noticed: its share of the calls of so much time.
    interval: seconds(2),
    // Multiplied by how often it was taken out in a row, up to the longest. Short, because the calls of a connection that
    // breaks count too: whoever restarts after a crash is soon needed when the next one does.
    base_ejection_time: seconds(2),
    max_ejection_time: seconds(60),
    // One of two, two of three, never all: when most of them fail it is not the replicas.
    max_ejection_percent: 50,
    failure_percentage_ejection: {
      threshold: 80,
      enforcement_percentage: 100,
      // Within an interval; fewer calls tell nothing. Without a second replica there is nothing to move to.
      minimum_hosts: 2,
      request_volume: 5,
    },
    child_policy: [ROUND_ROBIN],
  },
} as const;

/** How the composer's channel to content-fetcher balances, retries and notices what is gone. */
export const CHANNEL_OPTIONS: ClientOptions = {
  "grpc.service_config": JSON.stringify({
    // The first that grpc-js knows: an operator can switch outlier detection off by its own environment variable.
    loadBalancingConfig: [{ [SPARE_OVERLOADED]: { child_policy: [OUTLIER_DETECTION, ROUND_ROBIN] } }],
    // A failure costs a token, a success brings a tenth of one back, below half of them nothing is retried. So all calls
    // of a lost connection, 500 of them, go to another replica at once, while in an outage, or when all of them have more
    // to do than they can, retries add one to ten calls.
    retryThrottling: { maxTokens: 1_000, tokenRatio: 0.1 },
    methodConfig: [
      {
        name: [{}],
        // Two attempts, not more. UNAVAILABLE is also how a lost connection looks, so the first attempt may have run: all
        // methods are idempotent, but each run may pay a provider. A stream is retried until its first message only.
        // RESOURCE_EXHAUSTED is a replica that has more to do than it can, and has done nothing for the call; seldom one
        // whose answer was too large. What providers refuse stands in messages, as the outcome of their call.
        retryPolicy: {
          maxAttempts: 2,
          initialBackoff: "0.05s",
          maxBackoff: "0.5s",
          backoffMultiplier: 2,
          retryableStatusCodes: ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
        },
      },
    ],
  }),
  "grpc.service_config_disable_resolution": 1,
  "grpc.enable_http_proxy": 0,
  "grpc.initial_reconnect_backoff_ms": 100,
  // The default of two minutes leaves a replica that took some seconds to restart unused for long after it is back.
  "grpc.max_reconnect_backoff_ms": 1_000,
  // A rolling update moves one replica after the other to a new address: with the default of 30 s between two looks the
  // channel may know none of the new ones when the last old one goes.
  "grpc.dns_min_time_between_resolutions_ms": 2_000,
  "grpc.max_receive_message_length": 32 << 20,
  // Of each stream and of the connection. The contents of one guide are more than the default of 64 KiB, so their sender
  // would stop for an update of the window; those of many guides at once share the connection's.
  "grpc-node.flow_control_window": 4 << 20,
  // A process that hangs, or a host that is gone, keeps its connection: only a PING tells. Found within 10 s, which
  // leaves a caller with the deadline that most have the time for another replica.
  "grpc.keepalive_time_ms": 5_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.keepalive_permit_without_calls": 1,
};
