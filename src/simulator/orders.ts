/** What `/v1` makes; each is an endpoint under `/v1/`. */
export const v1Products = [
  'videos/text2video',
  'videos/image2video',
  'videos/video-extend',
  'images/generations',
] as const;

/** What the new API makes; each is an endpoint, with the model behind it in the path. */
export const newProducts = ['text-to-video', 'image-to-video'] as const;

export type V1Product = (typeof v1Products)[number];
export type NewProduct = (typeof newProducts)[number];

/** What Kling makes, named by its endpoint: one thing made through both APIs is two products. */
export type Product = V1Product | NewProduct;

/** What a create asks for, once it has been read. */
export interface Order {
  readonly product: Product;
  /** As it was given; any name is taken. */
  readonly model: string | undefined;
  readonly prompt: string;
  readonly externalId: string | undefined;
  /** Where to tell of each change of its status. */
  readonly callbackUrl: string | undefined;
  /** On the new API 1080p is `pro`, any other resolution `std`. */
  readonly mode: 'std' | 'pro';
  /** The length of the video; 0 for images. */
  readonly seconds: number;
  /** How many images; 0 for a video. */
  readonly images: number;
}

/** A prompt that holds this is refused with 400/1301. */
export const forbiddenMarker = '[forbidden]';

/** A task whose prompt holds this is created, and fails. */
export const failMarker = '[fail]';

/** How many slots it holds while it runs: a video 1, images one each. */
export function weightOf(order: Order): number {
  return Math.max(1, order.images);
}

/**
 * What an order costs by default, in credits: a second of video 2 (`std`) or 7 (`pro`), so 10 and 35 for 5 s; an image 1.
 * Kling's price list differs by model and changes: give `creditsOf` where it matters.
 */
export function defaultCreditsOf(order: Order): number {
  return order.seconds * (order.mode === 'pro' ? 7 : 2) + order.images;
}
