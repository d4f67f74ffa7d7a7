import {
  DailyForecast_Basis as Basis,
  WeatherCondition,
  type DailyForecast,
} from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { shortDay } from "./days.ts";
import type { CitedPages } from "./cited-pages.ts";

const CONDITIONS: ReadonlyMap<WeatherCondition, string> = new Map([
  [WeatherCondition.CLEAR, "clear"],
  [WeatherCondition.PARTLY_CLOUDY, "partly cloudy"],
  [WeatherCondition.OVERCAST, "overcast"],
  [WeatherCondition.FOG, "fog"],
  [WeatherCondition.DRIZZLE, "drizzle"],
  [WeatherCondition.RAIN, "rain"],
  [WeatherCondition.FREEZING_RAIN, "freezing rain"],
  [WeatherCondition.SNOW, "snow"],
  [WeatherCondition.THUNDERSTORM, "thunderstorm"],
]);

const round = (value: number): string => String(Math.round(value) + 0);
const percent = (share: number): string => `${round(share * 100)} %`;

const temperatures = ({ minTemperatureCelsius: min, maxTemperatureCelsius: max }: DailyForecast): string =>
  `${round(min)} to ${round(max)} °C`;

/** Columns of the table; one that no day has a value for is left out. */
const COLUMNS: readonly (readonly [heading: string, cell: (day: DailyForecast) => string])[] = [
  ["Day", ({ date }) => shortDay(date)],
  ["Weather", (day) => (day.basis === Basis.TYPICAL ? "typical" : (CONDITIONS.get(day.condition) ?? ""))],
  ["Temperature", temperatures],
  ["Rain", ({ precipitationProbability: chance }) => (chance === undefined ? "" : percent(chance))],
  ["Amount", ({ precipitationMm: mm }) => (mm === undefined ? "" : `${mm.toFixed(1)} mm`)],
  ["Wind", ({ maxWindSpeedMps: wind }) => (wind === undefined ? "" : `${round(wind)} m/s`)],
  ["UV index", ({ maxUvIndex: uv }) => (uv === undefined ? "" : round(uv))],
];

/** The weather of all days as one table, with its pages below, and what typical values are. */
export function renderForecasts(forecasts: readonly DailyForecast[], pages: CitedPages): string {
  const columns = COLUMNS.map(([heading, cell]) => ({ heading, cells: forecasts.map(cell) })).filter(
    ({ cells }) => cells.some((cell) => cell !== ""),
  );
  const rows = forecasts.map(
    (_, index) => `| ${columns.map(({ cells }) => cells[index] ?? "").join(" | ")} |`,
  );
  const table = [
    `| ${columns.map(({ heading }) => heading).join(" | ")} |`,
    `|${columns.map(() => "---").join("|")}|`,
    ...rows,
  ].join("\n");
  const typical = forecasts.find(({ basis }) => basis === Basis.TYPICAL);
  const remark =
    typical === undefined
      ? ""
      : `*Typical: averages over these days in ${typical.sampleYearCount} past years, no forecast.* `;
  return `${table}\n\n${remark}From ${pages.numbers(forecasts.flatMap(({ citations }) => citations))}`;
}

/** The weather of one day in a few words; empty when it is not known. */
export function weatherInWords(day: DailyForecast | undefined): string {
  if (day === undefined) return "";
  const condition = day.basis === Basis.TYPICAL ? "typically" : CONDITIONS.get(day.condition);
  return [condition, temperatures(day)]
    .filter((part) => part !== undefined)
    .join(condition === "typically" ? " " : ", ");
}
