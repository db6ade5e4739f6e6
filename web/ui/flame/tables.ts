// SPDX-License-Identifier: Apache-2.0
// The views of a graph that are no picture: loaded when one is first wanted.
export { CallTree } from "./call_tree";
export { FunctionTable } from "./function_table";
export { sumFunctions } from "../model/sums";
