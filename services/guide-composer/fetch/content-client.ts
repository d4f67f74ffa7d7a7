import { createClient, type Interceptor } from "@connectrpc/connect";
import {
  ContentService,
  type ContentQuery,
  type Provider,
  type StreamContentResponse,
} from "../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { Destination, ProviderOutcome } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { fromWire } from "../../../shared/error-wire.ts";
import type { PlannedContent } from "../plan.ts";
import { createGrpcTransport } from "./grpc-transport.ts";

/** What the composer asks of content-fetcher. Failures are `ServiceError`s. */
export interface ContentClient {
  /** One message per planned content, as they land. */
  readonly stream: (
    contents: readonly PlannedContent[],
    query: ContentQuery,
    timeoutMs: number,
    signal: AbortSignal,
  ) => AsyncIterable<StreamContentResponse>;
  readonly geocode: (
    query: string,
    languageCode: string,
    timeoutMs: number,
    signal: AbortSignal,
  ) => Promise<{
    readonly destinations: readonly Destination[];
    readonly outcomes: readonly ProviderOutcome[];
  }>;
  readonly listProviders: (timeoutMs: number, signal: AbortSignal) => Promise<readonly Provider[]>;
  readonly close: () => void;
}

/** @param target gRPC target of content-fetcher */
export function createContentClient(
  target: string,
  interceptors: Interceptor[],
  now: () => number,
): ContentClient {
  const { transport, close } = createGrpcTransport(target, interceptors, now);
  const client = createClient(ContentService, transport);
  return {
    stream: async function* (contents, query, timeoutMs, signal) {
      try {
        const targets = contents.map(({ kind, provider }) => ({ sectionKind: kind, provider }));
        yield* client.streamContent({ targets, query }, { timeoutMs, signal });
      } catch (error) {
        throw fromWire(error);
      }
    },
    geocode: async (query, languageCode, timeoutMs, signal) => {
      try {
        return await client.geocodeDestination({ query, languageCode }, { timeoutMs, signal });
      } catch (error) {
        throw fromWire(error);
      }
    },
    listProviders: async (timeoutMs, signal) => {
      try {
        return (await client.listProviders({}, { timeoutMs, signal })).providers;
      } catch (error) {
        throw fromWire(error);
      }
    },
    close,
  };
}
