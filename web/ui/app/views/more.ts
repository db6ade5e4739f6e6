// SPDX-License-Identifier: Apache-2.0
// What is loaded when some of it is first opened (more.js).
export * as tables from "../../flame/tables";
export { Help } from "../parts/help";
export { Lanes } from "../timeline/lanes";
export { ChartView } from "./chart";
export { DiffView } from "./diff";
export { HealthView } from "./health";
export { HeatView } from "./heat";
export { LinesView } from "./lines";
export { ProcessesView } from "./processes";
export { SandwichView } from "./sandwich";
export { SqlView } from "./sql";
export { TopView } from "./top";
export { TreeView } from "./tree";
export { WaitsView } from "./waits";
