// SPDX-License-Identifier: Apache-2.0
import { render } from "preact";
import { loadParts, setParts } from "./later";
import { Shell } from "./shell";
import { keepPreferences } from "./state/preferences";

setParts(() => import("./views/more"));
keepPreferences();
render(<Shell />, document.getElementById("app")!);
// Once there is something to see, the rest may come.
addEventListener("load", () => setTimeout(() => void loadParts().catch(() => undefined), 2000));
