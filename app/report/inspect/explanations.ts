// What each stage does and why, its formula, and its place in the paper: for learners, in two languages.

import { type Both, html } from '../html.ts'

export interface Explanation extends Both {
  formula?: string
  /** A section or figure of the paper. */
  paper?: string
}

/** A stage is explained by the first entry that matches its name. */
const explanations: readonly (readonly [RegExp, Explanation])[] = [
  [
    /^visual\.conv1$/,
    {
      en: 'A convolution without bias. In a Vision Transformer its stride equals its kernel size, so the same matrix turns every patch into a vector; in a ResNet it is the first of three 3×3 convolutions of the stem.',
      zh: '不带偏置的卷积。在 Vision Transformer 里步长等于卷积核大小，于是每个图像块（patch）都经同一个矩阵变成一个向量；在 ResNet 里它是主干开头三个 3×3 卷积中的第一个。',
      formula: 'y = W · patch',
      paper: '§2.4',
    },
  ],
  [
    /^visual\.patches$/,
    {
      en: 'The grid of vectors as a sequence, row by row from the top left: from here on, the image is treated like a sentence of patches.',
      zh: '把网格中的向量从左上角起逐行排成序列：从这里起，图像就像由图像块组成的句子。',
      formula: '[width, g, g] → [g², width]',
    },
  ],
  [
    /^visual\.class_embedding$/,
    {
      en: 'A learned vector (the class token) is put before the patches. It has no part of the image, so all that it holds at the end comes from the patches through attention.',
      zh: '在所有图像块之前放一个可学习的向量（class token）。它本身不对应图像的任何部分，最后所含的信息都是通过注意力从图像块得来的。',
      formula: 'x = [x_class; x₁; …; x_g²]',
      paper: '§2.4',
    },
  ],
  [
    /positional_embedding$/,
    {
      en: 'A learned vector is added for each position. Attention by itself does not know the order of its inputs.',
      zh: '给每个位置加上一个可学习的向量：注意力本身不知道输入的顺序。',
      formula: 'x + E_pos',
      paper: '§2.4',
    },
  ],
  [
    /ln_pre$/,
    {
      en: 'LayerNorm before the first block, which the original Vision Transformer does not have: the paper’s “minor modification”.',
      zh: '进入第一个块之前的 LayerNorm。原始 ViT 没有这一步，论文称之为一处“小改动”。',
      formula: '(x − μ) / √(σ² + ε) · γ + β',
      paper: '§2.4',
    },
  ],
  [
    /ln_[12]$/,
    {
      en: 'LayerNorm: the vector of each position is normalised to mean 0 and standard deviation 1, then scaled and shifted by learned numbers. It comes before attention and MLP (“pre-norm”), which keeps deep stacks trainable.',
      zh: 'LayerNorm：把每个位置的向量各自归一化为均值 0、标准差 1，再用学到的 γ、β 缩放平移。它放在注意力和 MLP 之前（pre-norm），使深层网络易于训练。',
      formula: '(x − μ) / √(σ² + ε) · γ + β',
    },
  ],
  [
    /attnpool\.weights$/,
    {
      en: 'How much the pool takes from each place of the feature map: one row per head, which sums to 1. The query is the mean over all places.',
      zh: '注意力池化从特征图每个位置取多少：每个头一行，和为 1。查询向量是所有位置的平均。',
      formula: 'softmax(q Kᵀ / √d)',
      paper: '§2.4',
    },
  ],
  [
    /attn\.weights$/,
    {
      en: 'How much each position (row) takes from every other (column), for each head. A row sums to 1. In the text encoder the causal mask makes everything right of the diagonal 0.',
      zh: '每个头里，每个位置（行）从其他位置（列）取多少，每行和为 1。文本编码器中因果 mask 使对角线右侧全为 0。',
      formula: 'softmax(Q Kᵀ / √d + mask)',
      paper: '§2.4',
    },
  ],
  [
    /attn\.out_proj$/,
    {
      en: 'The outputs of the heads, concatenated and mixed by one matrix.',
      zh: '把各个头的输出拼接起来，再用一个矩阵混合。',
      formula: 'concat(head₁ … head_h) W_O + b',
    },
  ],
  [
    /\.attn$/,
    {
      en: 'The output of attention: only here do positions exchange information.',
      zh: '注意力的输出：位置之间只在这里交换信息。',
      formula: 'softmax(Q Kᵀ / √d) V · W_O',
    },
  ],
  [
    /mlp\.c_fc$/,
    {
      en: 'The first half of the MLP: each position by itself becomes wider, usually four times.',
      zh: 'MLP 的前半：每个位置各自升维（通常 4 倍）。',
      formula: 'x W₁ᵀ + b₁',
    },
  ],
  [
    /mlp\.gelu$/,
    {
      en: 'The activation, which suppresses negative numbers. OpenAI’s models use QuickGELU, most of open_clip’s use the exact GELU; with the wrong one there is no error, but the results are worse.',
      zh: '激活函数，抑制负数。OpenAI 的模型用 QuickGELU，open_clip 的大多数用精确的 GELU；用错了不会报错，但结果会变差。',
      formula: 'QuickGELU: x · σ(1.702 x)   GELU: x · Φ(x)',
    },
  ],
  [/mlp\.c_proj$/, { en: 'Back to the width of the encoder.', zh: '降回编码器的宽度。', formula: 'h W₂ᵀ + b₂' }],
  [
    /\.mlp$/,
    {
      en: 'The output of the MLP, which works on each position alone.',
      zh: 'MLP 的输出；它对每个位置单独计算。',
      formula: 'W₂ · act(W₁ x + b₁) + b₂',
    },
  ],
  [
    /resblocks\.\d+$/,
    {
      en: 'A block: attention and MLP each add to their input (residual connections), so the vectors are built up step by step.',
      zh: '一个块（block）：注意力和 MLP 的输出依次加到输入上（残差连接），向量就这样一步步形成。',
      formula: 'x ← x + attn(ln_1(x));  x ← x + mlp(ln_2(x))',
      paper: '§2.4',
    },
  ],
  [/transformer$/, { en: 'After all blocks.', zh: '经过所有块之后。' }],
  [
    /ln_post$|ln_final$/,
    {
      en: 'The last LayerNorm: in the image encoder of the position that is read, in the text encoder of all positions before one is read.',
      zh: '最后一次 LayerNorm：图像编码器只对读取的位置做，文本编码器对所有位置做，然后再读取其中一个。',
      formula: '(x − μ) / √(σ² + ε) · γ + β',
      paper: '§2.4',
    },
  ],
  [
    /^visual\.pooled$/,
    {
      en: html`The class token (in some of open_clip’s models, the mean of the patches). It is I<sub>f</sub> in Figure 3.`,
      zh: html`class token（open_clip 的部分模型取图像块的平均）。即图 3 中的 I<sub>f</sub>。`,
      formula: 'I_f = ln_post(x₀)',
      paper: 'Figure 3',
    },
  ],
  [
    /^pooled$/,
    {
      en: html`The vector at the position of end-of-text, which has seen all tokens. It is T<sub>f</sub> in Figure 3.`,
      zh: html`结束符所在位置的向量，它看得到全部词元。即图 3 中的 T<sub>f</sub>。`,
      formula: 'T_f = ln_final(x)[argmax(ids)]',
      paper: '§2.4, Figure 3',
    },
  ],
  [
    /^visual\.proj$/,
    {
      en: 'The projection into the space that images and texts share: the image embedding. CLIP projects linearly, without a hidden layer.',
      zh: '投影到图像与文本共享的空间，得到图像嵌入。CLIP 只用线性投影，没有隐藏层。',
      formula: 'I_f · W_i',
      paper: '§2.3, Figure 3',
    },
  ],
  [/^visual$/, { en: 'The output of the image encoder: the image embedding.', zh: '图像编码器的输出：图像嵌入。' }],
  [
    /^token_embedding$/,
    {
      en: 'Each id selects its row of a learned table with a row for every token of the vocabulary.',
      zh: '每个 id 从可学习的词表矩阵中取出对应的一行。',
      formula: 'x_i = E[id_i]',
      paper: '§2.4',
    },
  ],
  [
    /^attn_mask$/,
    {
      en: 'Added to the scores before the softmax: −∞ right of the diagonal becomes a weight of 0. The statistics cover the finite numbers only.',
      zh: '在 softmax 之前加到分数上：对角线右侧的 −∞ 变成权重 0。统计只针对有限的数。',
      formula: 'exp(−∞) = 0',
      paper: '§2.4',
    },
  ],
  [
    /^text_projection$/,
    {
      en: 'The projection into the space that images and texts share: the text embedding.',
      zh: '投影到图像与文本共享的空间，得到文本嵌入。',
      formula: 'T_f · W_t',
      paper: '§2.3, Figure 3',
    },
  ],
  [
    /bn\d$|downsample\.1$/,
    {
      en: 'BatchNorm, for each channel with the mean and variance from training.',
      zh: 'BatchNorm：每个通道用训练时累积的均值和方差归一化。',
      formula: '(x − mean) / √(var + ε) · γ + β',
    },
  ],
  [
    /conv\d$|downsample\.0$/,
    {
      en: 'A convolution without bias; the normalisation after it has one. Where the size is reduced, an average pooling does it instead of a stride, so no pixel is skipped (anti-aliasing).',
      zh: '不带偏置的卷积（偏置在其后的归一化里）。降采样用平均池化而不是跳过像素（抗混叠）。',
      paper: '§2.4',
    },
  ],
  [
    /avgpool$/,
    {
      en: 'The end of the stem: a 2×2 average pooling; the original ResNet has a max pooling here.',
      zh: '主干开头的末尾：2×2 平均池化，原始 ResNet 这里用最大池化。',
      paper: '§2.4',
    },
  ],
  [
    /layer\d\.\d+$/,
    {
      en: 'A bottleneck: 1×1, 3×3 and 1×1 convolutions, added to their input.',
      zh: '一个 bottleneck：1×1、3×3、1×1 卷积，再加到输入上。',
      formula: 'relu(x + f(x))',
      paper: '§2.4',
    },
  ],
  [
    /layer\d$/,
    {
      en: 'A stage of bottlenecks. From the second stage on, the side is halved and the channels are doubled.',
      zh: '一级 bottleneck：从第二级起边长减半、通道加倍。',
      paper: '§2.4',
    },
  ],
  [
    /attnpool\.[qkv]_proj$/,
    {
      en: 'Queries (of the mean), keys and values (of every place) of the attention pool.',
      zh: '注意力池化的查询（来自平均）、键和值（来自每个位置）。',
    },
  ],
  [
    /attnpool(\.c_proj)?$/,
    {
      en: 'Attention pooling in place of an average: the query is the mean, keys and values come from all places, and the last matrix projects into the shared space.',
      zh: '用注意力池化代替平均池化：查询来自平均，键和值来自所有位置；最后一个矩阵同时完成到共享空间的投影。',
      formula: 'softmax(q Kᵀ / √d) V · W_c',
      paper: '§2.4',
    },
  ],
]

export const explanationOf = (stage: string): Explanation | undefined =>
  explanations.find(([pattern]) => pattern.test(stage))?.[1]
