import Foundation
import ModelZoo
import Testing

/// With Foundation beside it, every name of ModelZoo's is plain: this compiles.
@Suite struct FoundationTests {
  @Test func namesDoNotClash() throws {
    let dimension: ShapeDimension = 3
    let info = ValueInfo(name: "x", elementType: .float32, shape: [dimension, "N"])
    let types: [Any.Type] = [
      Attribute.self, Box.self, Calibration.self, ChatMessage.self, ChatSettings.self, Classification.self,
      CompiledModel.self, Detection.self,
      DetectionSettings.self, ElementType.self, EmbeddingSettings.self, Function.self, GeneratedText.self,
      GenerationEvent.self,
      GenerationOptions.self,
      GenerationSettings.self, Graph.self, Image.self, ImageDecoding.self, ImageFormat.self, ImagePreprocessing.self,
      Input.self, Model.self, ModelCatalog.self, ModelDefinition.self, ModelFormat.self, ModelMetadata.self,
      NamedTensor.self, Node.self, OperatorRegistry.self, OperatorSet.self, OutputDifference.self, PixelFormat.self,
      Plugins.self, Precision.self, Prediction.self, Profile.self, Property.self, RegionReport.self, StoredTensor.self,
      Tensor.self, TensorMemory.self, UnknownField.self, Value.self, ValueInfo.self, ValueType.self, ZooError.self,
    ]
    #expect(info.name == "x" && !types.isEmpty)
  }
}
