/**
 * ARKit's 52 blend-shape names (Apple's ARFaceAnchor.BlendShapeLocation), which engines and rigs bind to, and the rule
 * from the `_L`/`_R` spelling of research rigs to ARKit's `Left`/`Right`. Left is the subject's left.
 */

export const ARKIT_NAMES: readonly string[] = [
  ...both('browDown'),
  'browInnerUp',
  ...both('browOuterUp'),
  'cheekPuff',
  ...both('cheekSquint'),
  ...both('eyeBlink'),
  ...both('eyeLookDown'),
  ...both('eyeLookIn'),
  ...both('eyeLookOut'),
  ...both('eyeLookUp'),
  ...both('eyeSquint'),
  ...both('eyeWide'),
  'jawForward',
  'jawLeft',
  'jawOpen',
  'jawRight',
  'mouthClose',
  ...both('mouthDimple'),
  ...both('mouthFrown'),
  'mouthFunnel',
  'mouthLeft',
  ...both('mouthLowerDown'),
  ...both('mouthPress'),
  'mouthPucker',
  'mouthRight',
  'mouthRollLower',
  'mouthRollUpper',
  'mouthShrugLower',
  'mouthShrugUpper',
  ...both('mouthSmile'),
  ...both('mouthStretch'),
  ...both('mouthUpperUp'),
  ...both('noseSneer'),
  'tongueOut',
];

/**
 * `eyeBlink_L` -> `eyeBlinkLeft`; names without a side stay. ARKit has one `browInnerUp` and one `cheekPuff`; a rig that
 * splits them keeps the halves as `browInnerUpLeft`, ... (not ARKit names; a player sets both halves alike).
 */
export function arkitName(name: string): string {
  return name.replace(/_L$/, 'Left').replace(/_R$/, 'Right');
}

function both(stem: string): [string, string] {
  return [`${stem}Left`, `${stem}Right`];
}
