/** Everything that can be done on the canvas. Imported once, so that menus, keys and the palette know of it. */

import { registerActions } from "../state/actions";
import { EDITING } from "./acts/editing";
import { LINKS } from "./acts/links";
import { NODES } from "./acts/nodes";
import { PLACES } from "./acts/places";
import { VIEWS } from "./acts/views";

registerActions([...EDITING, ...NODES, ...PLACES, ...LINKS, ...VIEWS]);
