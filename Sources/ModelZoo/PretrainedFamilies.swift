import CLIP
import ConvNeXt
import HuggingFace
import ResNet
import TransformerDecoder
import TransformerEncoder
import VisionTransformer

/// Every family of networks that the zoo can build from a folder as Hugging Face's libraries save one.
let pretrainedFamilies: [any PretrainedFamily.Type] = [
  BERT.self, DistilBERT.self, ALBERT.self, MPNet.self, ModernBERT.self, GPT2.self, LanguageModel.self,
  PretrainedResNet.self, ViT.self,
  Swin.self, ConvNeXt.self, CLIP.self,
]

extension ModelDefinition {
  /// The model in a folder as Hugging Face's libraries save one: config.json, weights (safetensors or PyTorch), and the
  /// tokenizer's files. Weights stay in their files until they are needed.
  ///
  /// - Throws: `ZooError`: `notFound` for a folder that lacks something, `badData` for damaged files and for weights that
  ///   don't fit config.json, `unsupported` for a family or a variant that can't be built.
  package init(pretrainedFolder path: String) throws {
    self = try pretrainedFamilies.model(PretrainedFolder(path))
  }
}
