// What the scripts of the site and of JupyterLab's plugin find beside them.
/* oxlint-disable no-var -- only a var is a property of globalThis */
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
