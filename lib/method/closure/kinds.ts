// The kinds of encoders that there are: a new one is one file, a kernel that gathers what it reads, and one line here.
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type Format, flatTensors, parsed, readArrays } from "../../io/format.ts";
import type { States, System } from "../../systems/system.ts";
import { convolution } from "./convolution.ts";
import type { Encoder } from "./coordinates.ts";
import { correlations } from "./correlations.ts";
import type { EncoderKind } from "./encoder.ts";
import { perceptron } from "./perceptron.ts";

const KINDS = { perceptron, convolution, correlations } as const;

type Kind = (typeof KINDS)[keyof typeof KINDS];
export type EncoderShape = Parameters<Kind["arrays"]>[0];
export type EncoderModel = Parameters<Kind["encoder"]>[2];
/** What training makes of a shape. */
export type ModelOf<Shape extends EncoderShape> = Extract<EncoderModel, { readonly kind: Shape["kind"] }>;

/** Throws InputError for a kind that there is not. */
export function kindOf({ kind }: EncoderShape): EncoderKind<EncoderShape, EncoderModel> {
  if (!Object.hasOwn(KINDS, kind)) {
    throw new InputError(`${kind} is no kind of encoder: there are ${Object.keys(KINDS).join(", ")}`);
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
    const head = new Map(Object.entries(model));
    const arrays = Object.keys(kindOf(model).arrays(model)).map((name) => {
      const data = head.get(name);
      head.delete(name);
      return [name, data];
    });
    return {
      tensors: flatTensors(Object.fromEntries(arrays)),
      text: { encoder: JSON.stringify(Object.fromEntries(head)) },
    };
  },
  read({ tensors, text }) {
    const shape = parsed<EncoderShape>(text.encoder, "encoder");
    return { ...shape, ...readArrays(tensors, kindOf(shape).arrays(shape), "encoder") } as EncoderModel;
  },
};
