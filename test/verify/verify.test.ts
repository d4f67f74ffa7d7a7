import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { LatLngSchema } from "../../shared/gen/google/type/latlng_pb.ts";
import type { Content } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  Evidence_Kind as Kind,
  Evidence_KindSchema,
  SectionKind,
  Verification_Verdict as Verdict,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { verify } from "../../services/guide-composer/assemble/verify/verify.ts";
import { createWitnesses } from "../../services/guide-composer/assemble/verify/witnesses.ts";
import { content, DETAILS, LISBON, listing, mapped, near } from "../assemble/make.ts";
import { nameOfVerdict } from "./measure.ts";

const { restaurant, neighborhood, experience } = DETAILS;
const CITED = { evidence: [{ kind: Kind.CITED_PAGE_FOUND, provider: "providers/model", reference: "page" }] };
const park = { case: "attraction", value: { category: "park" } } as const;
const eventAt = (hour: number) =>
  ({
    case: "event",
    value: { window: { startTime: timestampFromMs(Date.UTC(2026, 11, 1, hour)) } },
  }) as const;

type Init = NonNullable<Parameters<typeof listing>[1]>;
const named = (title: string, init: Init = {}): Listing => listing(title, init, "providers/model");

const at = (eastM: number) => create(LatLngSchema, near(eastM));

/** Verdict and kinds of evidence, as one text. */
function fateAmong(contents: readonly Content[], place: Listing): string {
  const { verdict, evidence } = verify(place, createWitnesses(contents, LISBON), LISBON);
  return [
    nameOfVerdict(verdict),
    ...evidence.map(({ kind }) => Evidence_KindSchema.value[kind]?.localName),
  ].join(" ");
}

const fateOf = (place: Listing, ...known: readonly Listing[]): string => {
  const planned = { kind: SectionKind.ATTRACTIONS, provider: "providers/overpass" };
  return fateAmong([content(planned, { listings: [...known] })], place);
};

const ribadouro = mapped("Ribadouro", "node/1", {
  location: near(0),
  address: "Avenida da Liberdade 155, 1250-140 Lisboa",
  details: restaurant,
});
const atRibadouro = { address: "Avenida da Liberdade 155, Lisboa", details: restaurant } as const;
const castle = mapped("Castelo de São Jorge", "way/2", { location: near(0), wikidataId: "Q214" });
const garden = mapped("Jardim da Estrela", "way/3", { location: near(0), details: park });

describe("verdicts on what a language model names", () => {
  for (const [what, place, known, fate] of [
    [
      "the same name there",
      named("Ribadouro", { location: near(120) }),
      [ribadouro],
      "VERIFIED SAME_NAME_NEARBY",
    ],
    [
      "a fuller name there",
      named("Cervejaria Ribadouro", { location: near(120), details: restaurant }),
      [ribadouro],
      "VERIFIED SAME_NAME_NEARBY",
    ],
    [
      "a letter less",
      named("Ribaduro", { location: near(20), details: restaurant }),
      [ribadouro],
      "VERIFIED SAME_NAME_NEARBY",
    ],
    [
      "a translated name",
      named("Castle of St. George", { location: near(20) }),
      [mapped("St. George's Castle", "way/9", { location: near(0) })],
      "VERIFIED SAME_NAME_NEARBY",
    ],
    [
      "the same Wikidata id",
      named("São Jorge", { location: near(300), wikidataId: "Q214" }),
      [castle],
      "VERIFIED SAME_IDENTIFIER",
    ],
    [
      "another kind of listing",
      named("Ribadouro", { location: near(10) }),
      [ribadouro],
      "VERIFIED SAME_NAME_NEARBY",
    ],
    [
      "a district of the name of a restaurant",
      named("Estrela", { location: near(0), details: restaurant }),
      [mapped("Estrela", "node/4", { location: near(0), details: neighborhood })],
      "UNVERIFIABLE INSIDE_DESTINATION",
    ],
    [
      "a park by another of its gates",
      named("Jardim da Estrela", { location: near(1_500) }),
      [garden],
      "VERIFIED SAME_NAME_NEARBY",
    ],
    ["no position, one of the name", named("Ribadouro"), [ribadouro], "VERIFIED SAME_NAME_NEARBY"],
    [
      "no position, two of the name",
      named("Ribadouro"),
      [ribadouro, mapped("Ribadouro", "node/5", { location: near(3_000) })],
      "UNVERIFIABLE",
    ],
    [
      "no position, a fuller name at the address",
      named("Cervejaria Ribadouro", atRibadouro),
      [ribadouro],
      "VERIFIED SAME_NAME_NEARBY",
    ],
    [
      "no position, a name that many have",
      named("Museum"),
      [mapped("Museum", "node/6", { location: near(0) })],
      "UNVERIFIABLE",
    ],
    [
      "the name elsewhere",
      named("Ribadouro", { location: near(4_000), details: restaurant }),
      [ribadouro],
      "CONTRADICTED ELSEWHERE",
    ],
    [
      "the name a little off",
      named("Ribadouro", { location: near(700), details: restaurant, verification: CITED }),
      [ribadouro],
      "UNVERIFIABLE ELSEWHERE CITED_PAGE_FOUND INSIDE_DESTINATION",
    ],
    [
      "the name elsewhere, at another address",
      named("Ribadouro", { location: near(4_000), details: restaurant, address: "Rua Augusta 7" }),
      [ribadouro],
      "UNVERIFIABLE INSIDE_DESTINATION",
    ],
    [
      "a chain",
      named("Ribadouro", { location: near(4_000), details: restaurant }),
      [ribadouro, mapped("Ribadouro", "node/5", { location: near(-3_000), details: restaurant })],
      "UNVERIFIABLE INSIDE_DESTINATION",
    ],
    [
      "one of several churches of a saint",
      named("Igreja de Santo António", { location: near(4_000) }),
      [mapped("Igreja de Santo António", "way/7", { location: near(0) })],
      "UNVERIFIABLE INSIDE_DESTINATION",
    ],
    [
      "the Wikidata id elsewhere",
      named("The Moorish Fort", { location: near(9_000), wikidataId: "Q214" }),
      [castle],
      "CONTRADICTED ELSEWHERE",
    ],
    [
      "a park on the other side of the town",
      named("Jardim da Estrela", { location: near(6_000) }),
      [garden],
      "CONTRADICTED ELSEWHERE",
    ],
    [
      "another name at the address",
      named("Velho Galeto", { ...atRibadouro, location: near(30) }),
      [ribadouro],
      "CONTRADICTED OTHER_NAME",
    ],
    [
      "another name at the address, no position",
      named("Velho Galeto", atRibadouro),
      [ribadouro],
      "CONTRADICTED OTHER_NAME",
    ],
    [
      "another name in a market",
      named("Velho Galeto", { ...atRibadouro, location: near(30) }),
      [{ ...ribadouro, title: "Mercado Oriental" }],
      "UNVERIFIABLE INSIDE_DESTINATION",
    ],
    [
      "another name where two are at home",
      named("Velho Galeto", { ...atRibadouro, location: near(30) }),
      [ribadouro, mapped("Sol Nascente", "node/8", { ...atRibadouro, location: near(0) })],
      "UNVERIFIABLE INSIDE_DESTINATION",
    ],
    [
      "a name in another script at the address",
      named("すきやばし次郎", { ...atRibadouro, location: near(30) }),
      [ribadouro],
      "UNVERIFIABLE INSIDE_DESTINATION",
    ],
    [
      "another sight at the address",
      named("Museu do Azulejo", { address: "Rua da Madre 4", location: near(0) }),
      [mapped("Convento da Madre de Deus", "way/8", { address: "Rua da Madre 4", location: near(0) })],
      "UNVERIFIABLE INSIDE_DESTINATION",
    ],
    [
      "a bar for a restaurant at the address",
      named("Velho Galeto", { ...atRibadouro, details: experience, location: near(30) }),
      [ribadouro],
      "UNVERIFIABLE INSIDE_DESTINATION",
    ],
    [
      "closed for now",
      named("Ribadouro", { location: near(0) }),
      [{ ...ribadouro, openingHours: "Temporarily closed" }],
      "CONTRADICTED CLOSED SAME_NAME_NEARBY",
    ],
    [
      "another city",
      named("Torre dos Clérigos", {
        location: { latitude: 41.1457, longitude: -8.6146 },
        verification: CITED,
      }),
      [ribadouro],
      "CONTRADICTED OUTSIDE_DESTINATION",
    ],
    [
      "a place out of town",
      named("Palácio de Sintra", {
        location: { latitude: 38.7976, longitude: -9.3906 },
        verification: CITED,
      }),
      [ribadouro],
      "UNVERIFIABLE CITED_PAGE_FOUND",
    ],
    [
      "nobody who knows it, and a page",
      named("Velho Galeto", { location: near(0), verification: CITED }),
      [ribadouro],
      "PLAUSIBLE CITED_PAGE_FOUND INSIDE_DESTINATION",
    ],
    [
      "an address in the town, and a page",
      named("Velho Galeto", { address: "Rua Augusta 7, 1100 Lisboa", verification: CITED }),
      [ribadouro],
      "PLAUSIBLE CITED_PAGE_FOUND INSIDE_DESTINATION",
    ],
    [
      "an address in another town, and a page",
      named("Velho Galeto", { address: "Rua Augusta 7, Porto", verification: CITED }),
      [ribadouro],
      "UNVERIFIABLE CITED_PAGE_FOUND",
    ],
    [
      "a page alone",
      named("Velho Galeto", { verification: CITED }),
      [ribadouro],
      "UNVERIFIABLE CITED_PAGE_FOUND",
    ],
    ["nothing", named("Velho Galeto"), [], "UNVERIFIABLE"],
    [
      "a travel guide that has it there",
      named("Velho Galeto", { location: near(0) }),
      [listing("Velho Galeto", { location: near(50) })],
      "PLAUSIBLE SAME_NAME_NEARBY",
    ],
    [
      "a travel guide that has it elsewhere",
      named("Velho Galeto", { location: near(0) }),
      [listing("Velho Galeto", { location: near(5_000) })],
      "UNVERIFIABLE INSIDE_DESTINATION",
    ],
    [
      "an event at its hour",
      named("Fado Night", { details: eventAt(20) }),
      [mapped("Fado Night", "e1", { details: eventAt(20), location: near(0) })],
      "VERIFIED SAME_NAME_NEARBY",
    ],
    [
      "an event at another hour",
      named("Fado Night", { details: eventAt(20) }),
      [mapped("Fado Night", "e1", { details: eventAt(12), location: near(0) })],
      "UNVERIFIABLE",
    ],
  ] as const)
    it(`${what}: ${fate}`, () => assert.equal(fateOf(place, ...known), fate));

  for (const [what, place, known, fate] of [
    ["gone", named("Ribadouro", { location: near(0) }), [], "CONTRADICTED CLOSED"],
    ["gone, no position", named("Ribadouro"), [], "CONTRADICTED CLOSED"],
    [
      "gone by one, there by another",
      named("Ribadouro", { location: near(0) }),
      [ribadouro],
      "VERIFIED SAME_NAME_NEARBY",
    ],
    [
      "gone here, and open where it has moved to",
      named("Ribadouro", { location: near(0) }),
      [{ ...ribadouro, location: at(3_000) }],
      "CONTRADICTED CLOSED",
    ],
    [
      "the same, no position",
      named("Ribadouro"),
      [{ ...ribadouro, location: at(3_000) }],
      "VERIFIED SAME_NAME_NEARBY",
    ],
    [
      "a neighbour with a fuller name",
      named("Ribadouro Mercearia", { location: near(60), details: restaurant }),
      [],
      "UNVERIFIABLE INSIDE_DESTINATION",
    ],
    [
      "another tenant now",
      named("Velho Galeto", { ...atRibadouro, location: near(30) }),
      [],
      "UNVERIFIABLE INSIDE_DESTINATION",
    ],
  ] as const)
    it(`${what}: ${fate}`, () => {
      const answer = { listings: [...known], closedListings: [ribadouro] };
      const planned = { kind: SectionKind.RESTAURANTS, provider: "providers/overpass" };
      assert.equal(fateAmong([content(planned, answer)], place), fate);
    });

  it("says who has the place, under which id, and how far apart the two are", () => {
    const witnesses = createWitnesses(
      [content({ kind: SectionKind.RESTAURANTS, provider: "providers/overpass" }, { listings: [ribadouro] })],
      LISBON,
    );
    const { verdict, evidence } = verify(named("Ribadouro", { location: near(100) }), witnesses, LISBON);
    const [first] = evidence;
    assert.equal(verdict, Verdict.VERIFIED);
    assert.deepEqual([first?.provider, first?.reference], ["providers/overpass", "node/1"]);
    assert.ok(Math.abs((first?.distanceM ?? 0) - 100) < 1);
  });

  it("does not believe what an adapter says of its own places", () => {
    const sure = named("Velho Galeto", { verification: { verdict: Verdict.VERIFIED } });
    assert.equal(fateOf(sure), "UNVERIFIABLE");
  });
});
