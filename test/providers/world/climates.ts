import type { Climate } from "./world.ts";

const fromFahrenheit = (values: readonly number[]): number[] =>
  values.map((value) => Math.round(((value - 32) / 1.8) * 10) / 10);
const fromInches = (values: readonly number[]): number[] => values.map((value) => Math.round(value * 25.4));

/** Monthly normals of the written cities; their articles' climate tables show the same numbers. */
export const CLIMATES: Readonly<Record<string, Climate>> = {
  Boston: {
    highCelsius: fromFahrenheit([36.8, 39, 45.5, 56.4, 66.5, 76.2, 82.1, 80.4, 73.1, 62.1, 51.6, 42.2]),
    lowCelsius: fromFahrenheit([23.1, 24.6, 31.1, 40.8, 50.3, 59.7, 66, 65.1, 58.2, 47.5, 37.9, 29.2]),
    precipitationMm: fromInches([3.39, 3.21, 4.17, 3.63, 3.25, 3.89, 3.27, 3.23, 3.56, 4.03, 3.66, 4.3]),
    wetDayCount: [11, 10, 11, 11, 11, 11, 10, 9, 9, 9, 10, 11],
  },
  Lisbon: {
    highCelsius: [14.8, 16.2, 18.8, 19.8, 22.1, 25.7, 27.9, 28.3, 26.5, 22.5, 18.2, 15.3],
    lowCelsius: [8.3, 9.1, 11, 11.9, 13.9, 16.6, 18.2, 18.6, 17.6, 15.1, 11.8, 9.4],
    precipitationMm: [100, 85, 53, 68, 54, 16, 4, 6, 33, 101, 128, 127],
    wetDayCount: [10, 9, 7, 9, 6, 2, 1, 1, 4, 8, 10, 11],
  },
  Munich: {
    highCelsius: [3.5, 5, 9.5, 14.2, 19.1, 21.9, 24.4, 23.9, 19.4, 14.3, 7.7, 4.2],
    lowCelsius: [-2.5, -1.9, 1.6, 4.9, 9.4, 12.5, 14.5, 14.2, 10.5, 6.6, 1.7, -1.2],
    precipitationMm: [48, 46, 65, 65, 101, 118, 122, 115, 75, 65, 61, 65],
    wetDayCount: [10, 9, 11, 10, 12, 13, 13, 12, 10, 10, 10, 11],
  },
  Tokyo: {
    highCelsius: [9.8, 10.9, 14.2, 19.4, 23.6, 26.1, 29.9, 31.3, 27.5, 22, 16.7, 12],
    lowCelsius: [1.2, 2.1, 5, 9.8, 14.6, 18.5, 22.4, 23.5, 20.3, 14.8, 8.8, 3.8],
    precipitationMm: [60, 57, 116, 134, 140, 168, 156, 155, 225, 235, 96, 58],
    wetDayCount: [5, 6, 10, 10, 10, 12, 12, 9, 12, 11, 8, 5],
  },
};
