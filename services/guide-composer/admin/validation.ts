import type {
  EvictEntriesRequest,
  ListPopularDestinationsRequest,
  WarmGuidesRequest,
} from "../../../shared/gen/wayfarer/guide/v1/guide_admin_service_pb.ts";
import type { FieldViolation } from "../../../shared/errors.ts";
import { throwIfAny } from "../../../shared/field-checks.ts";
import { PAGE_TOKEN_VIOLATION, readPageToken } from "../page-token.ts";
import { isKnownKind } from "../sections.ts";
import { checkSpec } from "../validation.ts";

const MAX_SPEC_COUNT = 1_000;
const MAX_POPULAR_COUNT = 1_000;

/** @throws ServiceError REQUEST_INVALID with all violations at once */
export function checkWarm(request: WarmGuidesRequest, nowMs: number): void {
  const found: FieldViolation[] = [];
  if (request.specs.length > MAX_SPEC_COUNT)
    found.push({ field: "specs", description: `must have at most ${MAX_SPEC_COUNT} entries` });
  for (const [index, spec] of request.specs.slice(0, MAX_SPEC_COUNT).entries())
    checkSpec(spec, `specs[${index}]`, nowMs, found);
  if (request.popularCount < 0 || request.popularCount > MAX_POPULAR_COUNT)
    found.push({ field: "popular_count", description: `must lie between 0 and ${MAX_POPULAR_COUNT}` });
  if (request.maxConcurrentCount < 0)
    found.push({ field: "max_concurrent_count", description: "must not be negative" });
  if (request.specs.length === 0 && request.popularCount === 0)
    found.push({ field: "specs", description: "must not be empty unless popular_count is set" });
  throwIfAny(found);
}

/** @throws ServiceError REQUEST_INVALID with all violations at once */
export function checkEvict(request: EvictEntriesRequest): void {
  const found: FieldViolation[] = [];
  const { destination, sectionKind, provider, all } = request;
  if (destination !== "" && !/^destinations\/[\w-]{1,40}$/.test(destination))
    found.push({
      field: "destination",
      description: "must be empty or have the form destinations/{destination}",
    });
  if (sectionKind !== 0 && !isKnownKind(sectionKind))
    found.push({ field: "section_kind", description: "must be unspecified or a known section kind" });
  if (provider !== "" && !/^providers\/[a-z0-9-]{1,40}$/.test(provider))
    found.push({ field: "provider", description: "must be empty or have the form providers/{provider}" });
  const anySet = destination !== "" || sectionKind !== 0 || provider !== "";
  if (all === anySet) found.push({ field: "all", description: "must be set exactly when no other field is" });
  throwIfAny(found);
}

/**
 * @returns where the page starts
 * @throws ServiceError REQUEST_INVALID with all violations at once
 */
export function checkListPopular(request: ListPopularDestinationsRequest): number {
  const found: FieldViolation[] = [];
  if (request.pageSize < 0) found.push({ field: "page_size", description: "must not be negative" });
  const offset = readPageToken(request.pageToken, []);
  if (offset === undefined) found.push(PAGE_TOKEN_VIOLATION);
  throwIfAny(found);
  return offset ?? 0;
}
