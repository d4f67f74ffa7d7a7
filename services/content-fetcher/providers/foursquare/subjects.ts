import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";

/** Ids of the provider's categories that are asked for; each stands for those below it too. */
const RESTAURANT_CATEGORY_IDS = [
  "4d4b7105d754a06374d81259", // Restaurant
  "63be6904847c3692a84b9bb6", // Cafe, Coffee, and Tea House
  "4bf58dd8d48988d143941735", // Breakfast Spot
  "4bf58dd8d48988d16a941735", // Bakery
  "4bf58dd8d48988d1d0941735", // Dessert Shop
  "4bf58dd8d48988d120951735", // Food Court
] as const;

/** Not "Landmarks and Outdoors" as a whole: it has towns, districts and roads, which are the most popular of all. */
const ATTRACTION_CATEGORY_IDS = [
  "4bf58dd8d48988d181941735", // Museum
  "4bf58dd8d48988d1e2931735", // Art Gallery
  "507c8c4091d498d9fc8c67a9", // Public Art
  "4fceea171983d5d06c3e9823", // Aquarium
  "4bf58dd8d48988d17b941735", // Zoo
  "4bf58dd8d48988d182941735", // Amusement Park
  "4bf58dd8d48988d163941735", // Park
  "4bf58dd8d48988d15a941735", // Garden
  "52e81612bcbc57f1066b7a22", // Botanical Garden
  "4bf58dd8d48988d166941735", // Sculpture Garden
  "52e81612bcbc57f1066b7a13", // Nature Preserve
  "4bf58dd8d48988d1e2941735", // Beach
  "4bf58dd8d48988d164941735", // Plaza
  "52e81612bcbc57f1066b7a25", // Pedestrian Plaza
  "4bf58dd8d48988d165941735", // Scenic Lookout
  "4bf58dd8d48988d12d941735", // Monument
  "5642206c498e4bfca532186c", // Memorial Site
  "4deefb944765f83613cdba6e", // Historic and Protected Site
  "50aaa49e4b90af0d42d5de11", // Castle
  "52e81612bcbc57f1066b7a14", // Palace
  "4bf58dd8d48988d1df941735", // Bridge
  "56aa371be4b08b9a8d573547", // Fountain
  "4bf58dd8d48988d15d941735", // Lighthouse
  "56aa371be4b08b9a8d573560", // Waterfall
  "4bf58dd8d48988d131941735", // Spiritual Center
] as const;

/** What one section asks for. */
export interface Subject {
  readonly categoryIds: readonly string[];
  /** How far from the destination's centre, metres. */
  readonly radiusM: number;
  /** Chains are the most popular places to eat, and sights with few ratings the best rated. */
  readonly sort: "RATING" | "POPULARITY";
}

/** The kinds that Foursquare answers, each with what it asks. */
export const SUBJECTS: ReadonlyMap<SectionKind, Subject> = new Map<SectionKind, Subject>([
  [SectionKind.ATTRACTIONS, { categoryIds: ATTRACTION_CATEGORY_IDS, radiusM: 6_000, sort: "POPULARITY" }],
  [SectionKind.RESTAURANTS, { categoryIds: RESTAURANT_CATEGORY_IDS, radiusM: 2_500, sort: "RATING" }],
]);
