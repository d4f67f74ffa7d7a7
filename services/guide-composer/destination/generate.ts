import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { DATA_FILE, packGazetteer } from "./gazetteer-file.ts";
import { buildGazetteer } from "./generation/build.ts";
import { readDivisions } from "./generation/divisions.ts";
import { readGeoNamesRows } from "./generation/geonames-rows.ts";

/** Says what the file was made of, beside it. */
const FINGERPRINT_FILE = new URL("gazetteer.sha256", DATA_FILE);

/** Of the code, the packages (by the lock file) and the Unicode data that names of countries and scripts come from. */
function fingerprint(): string {
  const hash = createHash("sha256").update(`${process.versions.icu} ${process.versions.unicode}`);
  hash.update(readFileSync(new URL("../../../package-lock.json", import.meta.url)));
  for (const folder of ["./", "./generation/"]) {
    const url = new URL(folder, import.meta.url);
    for (const file of readdirSync(url).sort())
      if (file.endsWith(".ts")) hash.update(file).update(readFileSync(new URL(file, url)));
  }
  return hash.digest("hex");
}

/** Writes the gazetteer from the GeoNames packages, which takes seconds, unless it is there already. */
const wanted = fingerprint();
if (
  !existsSync(FINGERPRINT_FILE) ||
  !existsSync(DATA_FILE) ||
  readFileSync(FINGERPRINT_FILE, "utf8") !== wanted
) {
  const rows = readGeoNamesRows();
  mkdirSync(new URL(".", DATA_FILE), { recursive: true });
  writeFileSync(DATA_FILE, packGazetteer(buildGazetteer(rows, readDivisions(rows))));
  writeFileSync(FINGERPRINT_FILE, wanted);
}
