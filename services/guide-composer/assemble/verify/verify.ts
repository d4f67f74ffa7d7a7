import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  Evidence_Kind as Kind,
  EvidenceSchema,
  Verification_Verdict as Verdict,
  VerificationSchema,
  type Destination,
  type Evidence,
  type Listing,
  type Verification,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { distanceM } from "../distance.ts";
import { isClosedForNow } from "../hours/closed-for-now.ts";
import { addressesAgree, addressesDiffer, toAddress } from "../listings/address.ts";
import { SAME_ID_MAX_M, SAME_NAME_MAX_M, sharesContact, SIMILAR_NAME_MAX_M } from "../listings/dedupe.ts";
import { areUnlike, isMisspelt, isNamed, isTellingName, likeness, nameOf } from "../listings/names.ts";
import { fold, splitWords } from "../words.ts";
import { NEAR_MAX_M, OUTSIDE_M, type Witness, type Witnesses } from "./witnesses.ts";

/** How far from each other two sources may put one place, by how large such a place is, metres. */
interface Extent {
  /** Up to here it is the same place. */
  readonly nearM: number;
  /** From here on it is elsewhere. In between nothing is known. */
  readonly elsewhereM: number;
}

const EXTENT = {
  /** Where one eats, drinks or is entertained: a point, but for a wrong door. */
  house: { nearM: SAME_NAME_MAX_M, elsewhereM: 1_000 },
  /** With its grounds; sources choose the gate, the middle or the ticket office. */
  sight: { nearM: SAME_NAME_MAX_M, elsewhereM: 2_000 },
  /** Districts and parks, whose middle everybody puts where it seems to be. */
  area: { nearM: NEAR_MAX_M, elsewhereM: 5_000 },
} as const satisfies Record<string, Extent>;

const AREA_CATEGORIES = new Set("park garden nature-reserve beach zoo theme-park".split(" "));

function extentOf({ details }: Listing): Extent {
  if (details.case === "neighborhood") return EXTENT.area;
  if (details.case === "attraction")
    return AREA_CATEGORIES.has(details.value.category) ? EXTENT.area : EXTENT.sight;
  return EXTENT.house;
}

/** Houses of many tenants: that another one is at the address says nothing. */
const HOUSES_OF_MANY = new Set(
  "market hall court center mall hotel arcade station shopping passage galleria".split(" "),
);
const HOUR_MS = 3_600_000;

/**
 * Checks a place that a language model named against what others say of it. That nobody knows it contradicts nothing:
 * what providers answer is a selection of their places, and no map is complete.
 *
 * @param listing as its adapter made it; of what that states only its evidence that a cited page was found is used
 */
export function verify(listing: Listing, witnesses: Witnesses, destination: Destination): Verification {
  const isEvent = listing.details.case === "event";
  const borneOut = isEvent ? sameEvents(listing, witnesses) : samePlaces(listing, witnesses);
  const onMap = borneOut.filter(({ witness }) => witness.isMapData);
  const closed = onMap.filter(({ witness }) => isClosedForNow(witness.listing.openingHours));
  const supports = borneOut.map(toEvidence);
  if (closed.length > 0)
    return verdict(Verdict.CONTRADICTED, [
      ...closed.map((match) => toEvidence({ ...match, kind: Kind.CLOSED })),
      ...supports,
    ]);
  // What map data has comes first.
  if (onMap.length > 0) return verdict(Verdict.VERIFIED, supports);

  const otherNames = isEvent ? [] : otherNamesThere(listing, witnesses);
  if (otherNames.length > 0) return verdict(Verdict.CONTRADICTED, otherNames.map(toEvidence));
  if (supports.length > 0) return verdict(Verdict.PLAUSIBLE, supports);

  const elsewhere = isEvent ? undefined : placeElsewhere(listing, witnesses);
  const where = placeInDestination(listing, witnesses, destination);
  const away = [
    ...(elsewhere === undefined ? [] : [toEvidence(elsewhere)]),
    ...(where?.kind === Kind.OUTSIDE_DESTINATION ? [where] : []),
  ];
  const isFarAway =
    elsewhere?.apartM !== undefined && elsewhere.apartM >= extentOf(elsewhere.witness.listing).elsewhereM;
  if (isFarAway || where?.kind === Kind.OUTSIDE_DESTINATION) return verdict(Verdict.CONTRADICTED, away);

  const cited = (listing.verification?.evidence ?? []).filter(({ kind }) => kind === Kind.CITED_PAGE_FOUND);
  const evidence = [...away, ...cited, ...(where === undefined ? [] : [where])];
  const plausible = cited.length > 0 && where !== undefined && elsewhere === undefined;
  return verdict(plausible ? Verdict.PLAUSIBLE : Verdict.UNVERIFIABLE, evidence);
}

const verdict = (value: Verdict, evidence: readonly Evidence[]): Verification =>
  create(VerificationSchema, { verdict: value, evidence: [...evidence] });

/** A witness that speaks for or against a place. */
interface Match {
  readonly kind: Kind;
  readonly witness: Witness;
  /** Metres; undefined when one of the two has no position. */
  readonly apartM: number | undefined;
}

function toEvidence({ kind, witness: { listing }, apartM }: Match): Evidence {
  const [id] = listing.providerIds;
  const [page] = listing.citations;
  return create(EvidenceSchema, {
    kind,
    provider: id?.provider ?? page?.provider ?? "",
    reference: id?.id ?? page?.uri ?? "",
    ...(apartM !== undefined && { distanceM: apartM }),
  });
}

const apartOf = (listing: Listing, { location }: Witness): number | undefined =>
  listing.location && location && distanceM(listing.location, location);

/** Witnesses that have the place: those of map data first, then the surest and nearest; one for each of their listings. */
function samePlaces(listing: Listing, witnesses: Witnesses): Match[] {
  const found = new Map<Witness, Match>();
  const add = (kind: Kind, witness: Witness, apartM: number | undefined): void => {
    if (!found.has(witness)) found.set(witness, { kind, witness, apartM });
  };
  for (const witness of witnesses.identified(listing)) {
    const apartM = apartOf(listing, witness);
    if (apartM === undefined || apartM <= SAME_ID_MAX_M) add(Kind.SAME_IDENTIFIER, witness, apartM);
  }
  if (listing.location === undefined) {
    const only = onlyOneNamed(listing, witnesses);
    for (const witness of only) add(Kind.SAME_NAME_NEARBY, witness, undefined);
  } else {
    for (const { witness, apartM } of witnesses.near(listing.location)) {
      if (apartM <= SIMILAR_NAME_MAX_M && sharesContact(listing, witness.listing))
        add(Kind.SAME_IDENTIFIER, witness, apartM);
      else if (isSameName(listing, witness, apartM)) add(Kind.SAME_NAME_NEARBY, witness, apartM);
    }
  }
  return [...found.values()].sort(
    (a, b) =>
      Number(b.witness.isMapData) - Number(a.witness.isMapData) ||
      a.kind - b.kind ||
      (a.apartM ?? 0) - (b.apartM ?? 0),
  );
}

function isSameName(listing: Listing, witness: Witness, apartM: number): boolean {
  if (!areComparable(listing, witness.listing)) return false;
  const name = nameOf(listing);
  const alike = likeness(name, witness.name);
  if (alike === "equal") return apartM <= extentOf(witness.listing).nearM;
  if (apartM > SIMILAR_NAME_MAX_M) return false;
  if (alike === "similar") return true;
  // The rest needs places of one kind: a district's name stands in those of its hotels and its tower.
  return (
    listing.details.case === witness.listing.details.case &&
    (isNamed(witness.name, name) || isNamed(name, witness.name) || isMisspelt(name, witness.name))
  );
}

/** A restaurant may be an attraction to another; a district is no restaurant that bears its name. */
const areComparable = ({ details: a }: Listing, { details: b }: Listing): boolean =>
  a.case === b.case ||
  (a.case === "neighborhood"
    ? b.case === "attraction"
    : b.case === "neighborhood"
      ? a.case === "attraction"
      : true);

/** Places of an equal name, when all of them are one place; empty when there are several, or none. */
function onlyOneNamed(listing: Listing, witnesses: Witnesses): readonly Witness[] {
  const address = toAddress(listing.address);
  const named = equallyNamed(listing, witnesses).filter(
    (witness) => areComparable(listing, witness.listing) && !addressesDiffer(address, witness.address),
  );
  return isTellingName(nameOf(listing)) && areOnePlace(named) ? named : [];
}

const equallyNamed = (listing: Listing, witnesses: Witnesses): readonly Witness[] => {
  const name = nameOf(listing);
  return witnesses.named(name).filter((witness) => likeness(name, witness.name) === "equal");
};

function areOnePlace(witnesses: readonly Witness[]): boolean {
  const [first] = witnesses;
  const at = first?.location;
  return (
    first !== undefined &&
    witnesses.every(
      ({ location }) =>
        at === undefined ||
        location === undefined ||
        distanceM(at, location) <= extentOf(first.listing).nearM,
    )
  );
}

/**
 * The one place of an equal name, when it is farther away than that place is large. Several of a name say nothing, nor
 * does a restaurant at another address, which may be a branch that the map's selection lacks; and a town has several
 * churches of one saint.
 */
function placeElsewhere(listing: Listing, witnesses: Witnesses): Match | undefined {
  const name = nameOf(listing);
  const { location } = listing;
  if (location === undefined || !isTellingName(name) || name.whole.words.includes("saint")) return undefined;
  const named = equallyNamed(listing, witnesses).filter(
    (witness) => witness.isMapData && witness.listing.details.case === listing.details.case,
  );
  if (!areOnePlace(named)) return undefined;
  const [nearest] = named
    .flatMap((witness): (Match & { readonly apartM: number })[] => {
      const apartM = apartOf(listing, witness);
      return apartM === undefined ? [] : [{ kind: Kind.ELSEWHERE, witness, apartM }];
    })
    .sort((a, b) => a.apartM - b.apartM);
  if (nearest === undefined || nearest.apartM <= extentOf(nearest.witness.listing).nearM) return undefined;
  const isHouse = extentOf(nearest.witness.listing) === EXTENT.house;
  const isBranch = isHouse && addressesDiffer(toAddress(listing.address), nearest.witness.address);
  return isBranch ? undefined : nearest;
}

/**
 * The one tenant of the same kind that map data has at the address, under another name. Sights share addresses, and in a
 * market or a hotel there is room for many; a restaurant is followed by the next one.
 */
function otherNamesThere(listing: Listing, witnesses: Witnesses): Match[] {
  const { details } = listing;
  if (details.case !== "restaurant" && details.case !== "experience") return [];
  const name = nameOf(listing);
  const address = toAddress(listing.address);
  const tenants = witnesses
    .housed(address)
    .flatMap((witness): Match[] => {
      const apartM = apartOf(listing, witness);
      const there =
        witness.listing.details.case === details.case &&
        addressesAgree(address, witness.address) &&
        (apartM === undefined || apartM <= SIMILAR_NAME_MAX_M);
      return there ? [{ kind: Kind.OTHER_NAME, witness, apartM }] : [];
    })
    .sort((a, b) => (a.apartM ?? 0) - (b.apartM ?? 0));
  const [first] = tenants;
  const isOne = tenants.every(
    ({ witness }) => first && likeness(first.witness.name, witness.name) !== "different",
  );
  const isOther = tenants.every(
    ({ witness }) =>
      areUnlike(name, witness.name) && !witness.name.whole.words.some((word) => HOUSES_OF_MANY.has(word)),
  );
  return isOne && isOther ? tenants : [];
}

/** Where the place lies; undefined when that is not known, or near the edge. */
function placeInDestination(
  listing: Listing,
  { insideM, town }: Witnesses,
  destination: Destination,
): Evidence | undefined {
  const { location, address } = listing;
  const evidence = (kind: Kind, apartM?: number): Evidence =>
    create(EvidenceSchema, {
      kind,
      reference: destination.name,
      ...(apartM !== undefined && { distanceM: apartM }),
    });
  if (location !== undefined) {
    if (destination.location === undefined || insideM === undefined) return undefined;
    const apartM = distanceM(location, destination.location);
    if (apartM > OUTSIDE_M) return evidence(Kind.OUTSIDE_DESTINATION, apartM);
    return apartM <= insideM ? evidence(Kind.INSIDE_DESTINATION, apartM) : undefined;
  }
  const words = splitWords(fold(address.split(",").slice(1).join(" ")));
  const names = [town, splitWords(fold(destination.displayName))];
  return names.some((name) => name.length > 0 && name.every((word) => words.includes(word)))
    ? evidence(Kind.INSIDE_DESTINATION)
    : undefined;
}

/** Events of an alike name that begin together. Where they are is often stated by one source only. */
function sameEvents(listing: Listing, { events }: Witnesses): Match[] {
  const name = nameOf(listing);
  return events
    .filter(
      (witness) =>
        beginTogether(listing, witness.listing) &&
        (likeness(name, witness.name) !== "different" || isNamed(witness.name, name)),
    )
    .map((witness) => ({ kind: Kind.SAME_NAME_NEARBY, witness, apartM: apartOf(listing, witness) }))
    .filter(({ apartM }) => apartM === undefined || apartM <= NEAR_MAX_M)
    .sort((a, b) => Number(b.witness.isMapData) - Number(a.witness.isMapData));
}

function beginTogether({ details: a }: Listing, { details: b }: Listing): boolean {
  if (a.case !== "event" || b.case !== "event") return false;
  const [left, right] = [a.value.window, b.value.window];
  if (left?.startTime === undefined || right?.startTime === undefined) return false;
  const toleranceMs = left.allDay || right.allDay ? 24 * HOUR_MS : HOUR_MS;
  return Math.abs(timestampMs(left.startTime) - timestampMs(right.startTime)) < toleranceMs;
}
