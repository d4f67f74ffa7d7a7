import type { City } from "./corpus.ts";

/** What the rules were looked at with: two written cities and three generated ones. */
export const KNOWN_CITIES: readonly City[] = [
  { title: "Lisbon", latitude: 38.7167, longitude: -9.1333 },
  { title: "Munich", latitude: 48.1374, longitude: 11.5755 },
  { title: "Porto", latitude: 41.1496, longitude: -8.611 },
  { title: "Lyon", latitude: 45.7485, longitude: 4.8467 },
  { title: "Denver", latitude: 39.7392, longitude: -104.9847 },
];

/** Cities that no rule was made with. */
export const HELD_OUT_CITIES: readonly City[] = [
  { title: "Boston", latitude: 42.3584, longitude: -71.0598 },
  { title: "Tokyo", latitude: 35.6895, longitude: 139.6917 },
  { title: "Kraków", latitude: 50.0614, longitude: 19.9366 },
  { title: "Melbourne", latitude: -37.814, longitude: 144.9633 },
  { title: "Bogotá", latitude: 4.6097, longitude: -74.0817 },
];
