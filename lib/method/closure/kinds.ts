// The kinds of encoders that there are: a new one is one file, a kernel that gathers what it reads, and one line here.
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Format } from "../../io/format.ts";
import type { Tensors } from "../../io/safetensors.ts";
import type { States, System } from "../../systems/system.ts";
import { convolution } from "./convolution.ts";
import type { Encoder } from "./coordinates.ts";
import type { EncoderKind } from "./encoder.ts";
import { perceptron } from "./perceptron.ts";

const KINDS = { perceptron, convolution } as const;

type Kind = (typeof KINDS)[keyof typeof KINDS];
export type EncoderShape = Parameters<Kind["arrays"]>[0];
export type EncoderModel = Parameters<Kind["encoder"]>[2];
/** What training makes of a shape. */
export type ModelOf<Shape extends EncoderShape> = Extract<EncoderModel, { readonly kind: Shape["kind"] }>;

/** Throws InputError for a kind that there is not. */
export function kindOf({ kind }: EncoderShape): EncoderKind<EncoderShape, EncoderModel> {
  if (!Object.hasOwn(KINDS, kind)) {
    throw new InputError(`${kind} is no kind of encoder: there are ${Object.keys(KINDS).join(" and ")}`);
  }
  return KINDS[kind];
}

/** ψ of a model on a system. Throws InputError where one does not suit the other. */
export function encoderOf(gpu: Gpu, system: System, model: EncoderModel): Encoder<States> {
  if (system.patchSide !== model.patchSide) {
    throw new InputError(
      `the encoder reads patches of side ${model.patchSide}, ${system.name} has ${system.patchSide}`,
    );
  }
  return kindOf(model).encoder(gpu, system, model);
}

/** Encoders of any kind: the arrays of training by name, all else as JSON. */
export const ENCODER: Format<EncoderModel> = {
  write(model) {
    const fields = new Map(Object.entries(model));
    const tensors: Tensors = {};
    for (const name of Object.keys(kindOf(model).arrays(model))) {
      const data = fields.get(name);
      tensors[name] = { shape: [data.length], data };
      fields.delete(name);
    }
    return { tensors, text: { encoder: JSON.stringify(Object.fromEntries(fields)) } };
  },
  read({ tensors, text }) {
    if (text.encoder === undefined) throw new InputError("the file holds no encoder");
    const shape = JSON.parse(text.encoder) as EncoderShape;
    const arrays = Object.entries(kindOf(shape).arrays(shape)).map(([name, length]) => {
      const data = tensors[name]?.data;
      if (data?.length !== length) {
        throw new InputError(`the encoder file has ${data?.length ?? 0} numbers for ${name}, not ${length}`);
      }
      return [name, Float32Array.from(data)];
    });
    return { ...shape, ...Object.fromEntries(arrays) };
  },
};
