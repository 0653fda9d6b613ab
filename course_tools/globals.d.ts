// What the scripts of the site, of slides and of JupyterLab's plugin find beside them.
/* oxlint-disable no-var -- only a var is a property of globalThis */
type Fitting = typeof import("./classroom/jupyter/labextension/static/fitting.js");
type Keys = typeof import("./classroom/jupyter/labextension/static/keys.js");
declare const Reveal: any; // publishing/assets/reveal
declare const RevealNotes: any;
declare const fit: Fitting["fit"];
declare const isStale: Fitting["isStale"];
declare const termsOf: Fitting["termsOf"];
declare const CODE: Fitting["CODE"];
declare const answers: Keys["answers"];
declare const goesOn: Keys["goesOn"];
declare const isTaken: Keys["isTaken"];
declare const moves: Keys["moves"];
declare const leaveAfterMouse: Keys["leaveAfterMouse"];
declare const showAnswer: Keys["showAnswer"];
declare const walk: Keys["walk"];
declare var course: any; // publishing/website/views.js
declare var courseDeck: any; // present.js
declare var courseViews: any; // the program of all views, or what waits for it
interface ParentNode {
  querySelector(selectors: string): any; // whatever these scripts look for
  querySelectorAll(selectors: string): NodeListOf<any>;
}
interface Element {
  view?: any; // of a host, the view that stands in it
}
