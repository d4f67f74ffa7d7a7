import { trace, type Tracer } from "@opentelemetry/api";

/** Conventions that the names in `attributes.ts` come from, so that a backend can translate them to later ones. */
const SCHEMA_URL = "https://opentelemetry.io/schemas/1.45.0";

/** The tracer of all spans of ours. */
export const getTracer = (): Tracer =>
  trace.getTracerProvider().getTracer("wayfarer", undefined, { schemaUrl: SCHEMA_URL });
