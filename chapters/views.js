// The program of all views: every kind, by the name that its data say (`kind` of a View in Python).
import "../course_kit/views/js/src/old.js"; // first
import { cover } from "./ch00/labs/cover.js";
import { attention } from "./ch01/labs/attention.js";
import { pooling } from "./ch01/labs/pooling.js";
import { softmax_lab } from "./ch01/labs/softmax.js";
import { masking } from "./ch02/labs/masking.js";
import { scoring } from "./ch02/labs/scoring.js";
import { rotation } from "./ch04/labs/rotation.js";
import { shuffle } from "./ch04/labs/shuffle.js";
import { descent } from "./ch05/labs/descent.js";
import { mask_tokens } from "./ch06/labs/mask_tokens.js";
import { predictions } from "./ch06/labs/predictions.js";
import { merges } from "./ch07/labs/merges.js";
import { next_character } from "./ch07/labs/next_character.js";
import { sampling } from "./ch07/labs/sampling.js";
import { replies } from "./ch08/labs/replies.js";
import { alignment } from "../course_kit/views/js/src/views/alignment.js";
import { bars } from "../course_kit/views/js/src/views/bars.js";
import { figure } from "../course_kit/views/js/src/views/figure.js";
import { heads } from "../course_kit/views/js/src/views/heads.js";
import { heatmap } from "../course_kit/views/js/src/views/heatmap.js";
import { lines } from "../course_kit/views/js/src/views/lines.js";
import { maps } from "../course_kit/views/js/src/views/maps.js";
import { predict } from "../course_kit/views/js/src/views/predict.js";
import { start } from "../course_kit/views/js/src/main.js";

start({
  alignment,
  attention,
  bars,
  cover,
  descent,
  figure,
  heads,
  heatmap,
  lines,
  maps,
  mask_tokens,
  masking,
  merges,
  next_character,
  pooling,
  predict,
  predictions,
  replies,
  rotation,
  sampling,
  scoring,
  shuffle,
  softmax_lab,
});
