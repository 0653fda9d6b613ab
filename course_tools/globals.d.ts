// What the scripts of the site, of slides and of JupyterLab's plugin find beside them.
type Fitting = typeof import("./classroom/jupyter/labextension/static/fitting.js");
type Keys = typeof import("./classroom/jupyter/labextension/static/keys.js");
declare const Reveal: any, RevealNotes: any; // publishing/assets/reveal
declare const fit: Fitting["fit"], isStale: Fitting["isStale"], termsOf: Fitting["termsOf"], CODE: Fitting["CODE"];
declare const answers: Keys["answers"], goesOn: Keys["goesOn"], isTaken: Keys["isTaken"], moves: Keys["moves"];
declare const leaveAfterMouse: Keys["leaveAfterMouse"], showAnswer: Keys["showAnswer"], walk: Keys["walk"];
declare var course: any, courseDeck: any; // publishing/website/views.js, present.js
declare var courseViews: any; // the program of all views, or what waits for it
interface ParentNode {
  querySelector(selectors: string): any; // whatever these scripts look for
  querySelectorAll(selectors: string): NodeListOf<any>;
}
interface Element {
  view?: any; // of a host, the view that stands in it
}
