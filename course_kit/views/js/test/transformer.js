// The drawing of a small Transformer, as tests use it.
import { sizesOf } from "../src/views/architecture.js";

export const sub = (block, inside, around, mask, pre = true) => ({
  ...{ inside: `${block}.${inside}`, around: `${block}.${around}`, mask, pre },
});
export const encoder = {
  ...{ name: "Encoder", side: -1, reads: "source words", gives: "" },
  rows: [
    { kind: "box", key: "source_embedding" },
    { kind: "sum", key: "positions" },
    {
      ...{ kind: "block", key: "encoder" },
      rows: [sub("encoder", "attention", "around_attention", "full"), sub("encoder", "ffn", "around_ffn", "")],
    },
    { kind: "norm", key: "encoder_norm" },
    { kind: "memory", key: "memory" },
  ],
};
const decoder = {
  ...{ name: "Decoder", side: 1, reads: "target words", gives: "next word" },
  rows: [
    { kind: "box", key: "target_embedding" },
    { kind: "sum", key: "target_positions" },
    {
      ...{ kind: "block", key: "decoder" },
      rows: [
        sub("decoder", "attention", "around_attention", "causal"),
        sub("decoder", "cross_attention", "around_cross", "cross"),
        sub("decoder", "ffn", "around_ffn", ""),
      ],
    },
    { kind: "norm", key: "decoder_norm" },
    { kind: "box", key: "output" },
    { kind: "box", key: "softmax" },
  ],
};
export const columns = [encoder, decoder];
export const sizes = sizesOf({ unit: 1, spec: { presenting: false } }, 580);
