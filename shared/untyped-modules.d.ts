declare module "tz-lookup" {
  /** IANA zone of a point in degrees; throws RangeError outside the globe. */
  export default function tzLookup(latitude: number, longitude: number): string;
}
