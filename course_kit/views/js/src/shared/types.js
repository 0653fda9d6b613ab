// What a view is given, and what it gives back. Only types: nothing here runs.

/**
 * @typedef {Record<string, any>} State all that a reader can change, by name
 * @typedef {{ header: string[], rows: string[][] }} Table each row begins with its name
 * @typedef {Record<string, import("../data.js").Numbers>} Arrays
 *
 * @typedef {object} Control one that stands under the picture
 * @property {"range" | "choice" | "toggles" | "button"} kind
 * @property {string} name of the entry in the state
 * @property {string} label
 * @property {any[]} [values] of a range
 * @property {any[]} [options] of a choice, or of toggles
 * @property {Record<string, string>} [words] how options are called
 * @property {number} [digits]
 * @property {boolean} [menu] whether a choice is a menu
 *
 * @typedef {object} Own a field for a text of the reader's own (see course_kit/views/reader_input.py)
 * @property {string[]} models
 * @property {string} label
 * @property {string} text
 * @property {string} about
 * @property {number} room
 * @property {string} [fold] the words of the line behind which the field is
 * @property {boolean} [open] whether it is open at first
 * @property {string} [title]
 * @property {string} [caption]
 * @property {number} [longest]
 * @property {{ name: string, label: string, about: string }} [larger] another model, asked by a button with this label
 *
 * @typedef {object} Given what every view is told, as `View.spec` in course_kit/views/view.py writes it
 * @property {number} format
 * @property {string} kind
 * @property {string} title
 * @property {string} caption
 * @property {string} [recorded] how its figures were made, a line of the caption
 * @property {string} words
 * @property {State} state
 * @property {State} [initial]
 * @property {Control[]} controls
 * @property {import("../data.js").Place[]} arrays
 * @property {boolean} presenting
 * @property {number} [tall] while presenting: so many times the usual height
 * @property {boolean} [foot] false: neither table nor words below
 * @property {Record<string, string>} [table] what options are called in the page's language
 * @property {boolean} [silent] it was not touched yet, and says nothing of what it shows
 * @property {State} [poster] where the state is its first one, for a guess: what print and reduced motion show
 * @property {string[]} [in_class] what → presses in front of a class: buttons, actions, and choices by their name
 * @property {string} [leads] an address: the picture was shown there, and is a small one here, which leads there
 * @property {boolean} [live]
 * @property {Own} [own]
 * @property {HTMLElement} [made] the line with the field of `own`, as it is in the page already
 *
 * @typedef {Given & Record<string, any>} Spec
 *
 * @typedef {object} Picture
 * @property {(width: number, narrow: boolean) => void} paint draws the state, into so many pixels
 * @property {() => Table} table what a screen reader, or someone who wants the numbers, gets
 * @property {() => any} numbers the same as numbers: tests hold them to Python's
 * @property {(read: Reading) => Iterable<{ spec: object, arrays: Arrays }>} [answer] a picture for each word that a
 *   model writes about the reader's own text
 * @property {() => string} [title] the title at this state, where it changes with it
 * @property {() => string} [caption] the caption at this state, where it changes with it
 *
 * @typedef {object} Reading
 * @property {any[]} models
 * @property {string} text
 * @property {any[]} pieces
 * @property {number[]} ids
 * @property {string[]} source
 * @property {(model: any, picture: Function) => Iterable<any>} write
 *
 * @typedef {object} UI what a view builds itself with
 * @property {Spec} spec
 * @property {State} state
 * @property {Arrays} arrays
 * @property {ShadowRoot} root
 * @property {string} id
 * @property {number} unit pixels of a length of 1, more where the text is larger
 * @property {number} tall the same for heights
 * @property {number} screen height of the screen
 * @property {string} family of fonts
 * @property {import("./theme.js").Theme} theme
 * @property {Record<string, () => void>} actions what buttons do, by name
 * @property {HTMLElement} body
 * @property {HTMLElement} side
 * @property {HTMLElement} below
 * @property {(size?: number, weight?: number) => string} font
 * @property {(css: string) => void} style
 * @property {(patch: State, done?: boolean) => void} set changes the state; done: Python is to hear of it
 * @property {(name: string, values: number[]) => number[]} follow numbers on their way to new values
 * @property {(other?: object, arrays?: Arrays | null) => void} become
 * @property {(name: string) => void} act
 *
 * @typedef {((ui: UI) => Picture) & { format?: number }} Kind format: of what is saved, 1 if it has none; as in Python
 *
 * @typedef {object} Link to Python
 * @property {(state: State) => void} save
 * @property {(tell: (patch: State) => void) => void} listen
 */
export {};
