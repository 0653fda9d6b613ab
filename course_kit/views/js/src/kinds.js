// Every kind of view, by the name that its data say (`kind` of a View in Python).
import { cover } from "./ch00/cover.js";
import { bandwidth } from "./ch01/bandwidth.js";
import { pooling } from "./ch01/pooling.js";
import { softmax_lab } from "./ch01/softmax.js";
import { masking } from "./ch02/masking.js";
import { scaling } from "./ch02/scaling.js";
import { scoring } from "./ch02/scoring.js";
import { flow } from "./ch03/flow.js";
import { paths } from "./ch04/paths.js";
import { rotation } from "./ch04/rotation.js";
import { shuffle } from "./ch04/shuffle.js";
import { sinusoid } from "./ch04/sinusoid.js";
import { descent } from "./ch05/descent.js";
import { embeddings } from "./ch06/embeddings.js";
import { mask_tokens } from "./ch06/mask_tokens.js";
import { predictions } from "./ch06/predictions.js";
import { tagged } from "./ch06/tagged.js";
import { journey } from "./ch07/journey.js";
import { merges } from "./ch07/merges.js";
import { next_character } from "./ch07/next_character.js";
import { sampling } from "./ch07/sampling.js";
import { scaling_law } from "./ch07/scaling_law.js";
import { replies } from "./ch08/replies.js";
import { alignment } from "./views/alignment.js";
import { architecture } from "./views/architecture.js";
import { bars } from "./views/bars.js";
import { groups } from "./views/groups.js";
import { heads } from "./views/heads.js";
import { heatmap } from "./views/heatmap.js";
import { lines } from "./views/lines.js";
import { maps } from "./views/maps.js";
import { predict } from "./views/predict.js";
import { shares } from "./views/shares.js";

/** @type {Record<string, import("./shared/types.js").Kind>} */
export const KINDS = {
  alignment,
  architecture,
  bandwidth,
  bars,
  cover,
  descent,
  embeddings,
  flow,
  groups,
  heads,
  heatmap,
  journey,
  lines,
  maps,
  mask_tokens,
  masking,
  merges,
  next_character,
  paths,
  pooling,
  predict,
  predictions,
  replies,
  rotation,
  sampling,
  scaling,
  scaling_law,
  scoring,
  shares,
  shuffle,
  sinusoid,
  softmax_lab,
  tagged,
};
