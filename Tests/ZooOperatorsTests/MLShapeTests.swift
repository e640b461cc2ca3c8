import Testing
import ZooCore

@testable import ZooOperators

/// Shapes of ONNX's operators for texts, random numbers and classical machine learning. Those in numbers are ONNX
/// Runtime's.
@Suite struct MLShapeTests {
  private let s = Dim.symbol("s")
  private let domain = "ai.onnx.ml"

  @Test(arguments: [([2, 3], 2), ([3], 1)]) func rows(shape: [Int], count: Int) throws {
    let x = ValueFacts(.float32, shape)
    let labels = Attribute("classlabels_int64s", .ints([0, 1]))
    let ints = Attribute("classlabels_ints", .ints([5, 6]))
    let texts = Attribute("classlabels_strings", .strings([[97], [98], [99]]))
    #expect(try shapes("TreeEnsembleClassifier", x, [labels], 2) == [[count], [count, 2]])
    #expect(try shapes("TreeEnsembleRegressor", x, [Attribute("n_targets", .int(2))]) == [[count, 2]])
    #expect(try shapes("TreeEnsemble", x, [Attribute("n_targets", .int(2))]) == [[count, 2]])
    #expect(try shapes("LinearRegressor", x, []) == [[count, 1]])
    #expect(try shapes("SVMRegressor", x, []) == [[count, 1]])
    #expect(
      try shapes("LinearClassifier", x, [ints, Attribute("intercepts", .floats([1]))], 2) == [[count], [count, 2]])
    #expect(try shapes("LinearClassifier", x, [texts], 2) == [[count], [count, 3]])
    #expect(
      try shapes("SVMClassifier", x, [texts, Attribute("vectors_per_class", .ints([1, 1, 1, 1]))], 2)
        == [[count], [count, 6]])
    #expect(try shapes("Normalizer", x, []) == [shape])
    #expect(try shapes("OneHotEncoder", x, [Attribute("cats_int64s", .ints([0, 1, 2]))]) == [shape + [3]])
    #expect(throws: ZooError.self) { try shapes("LinearRegressor", ValueFacts(.float32, [2, 3, 4]), []) }
    #expect(throws: ZooError.self) { try shapes("Scaler", x, [Attribute("offset", .floats([1, 2]))]) }
  }

  @Test func typesOfLabels() throws {
    let x = ValueFacts(.string, [4])
    func type(_ name: String, _ attributes: [Attribute], opset: Int64, _ x: ValueFacts) throws -> ValueKind? {
      try infer(name, domain: domain, [x], attributes, opset: opset).kind
    }
    let keys = Attribute("keys_strings", .strings([[97]]))
    #expect(try type("LabelEncoder", [], opset: 1, x) == .tensor(.int64))
    #expect(
      try type("LabelEncoder", [keys, Attribute("values_floats", .floats([1]))], opset: 2, x) == .tensor(.float32))
    let values = NamedTensor(name: "", tensor: StoredTensor(try Tensor([Int16(1)], shape: [1])))
    #expect(
      try type("LabelEncoder", [keys, Attribute("values_tensor", .tensor(values))], opset: 4, x) == .tensor(.int16))
    #expect(throws: ZooError.self) { try type("LabelEncoder", [keys], opset: 2, x) }
    #expect(throws: ZooError.self) {
      try type("LabelEncoder", [keys, Attribute("values_floats", .floats([1]))], opset: 2, ValueFacts(.int64, [1]))
    }
    #expect(try type("CategoryMapper", [], opset: 1, ValueFacts(.int64, [2])) == .tensor(.string))
  }

  @Test func maps() throws {
    let labels = [Attribute("classlabels_strings", .strings([[97], [98], [99]]))]
    let kind = try infer("ZipMap", domain: domain, [ValueFacts(.float32, [2, 3])], labels, opset: 1).kind
    #expect(kind == .sequence(.map(key: .string, value: .tensor(.float32))))
    #expect(throws: ZooError.self) {
      try infer("ZipMap", domain: domain, [ValueFacts(.float32, [2, 4])], labels, opset: 1)
    }
    let map = ValueFacts(.map(key: .string, value: .tensor(.float64)))
    let vocabulary = [Attribute("string_vocabulary", .strings([[97], [98], [99]]))]
    let vector = try infer("DictVectorizer", domain: domain, [map], vocabulary, opset: 1)
    #expect(vector.kind == .tensor(.float64) && vector.fixedShape == [1, 3])
    let sparse = [Attribute("map_form", .string(Array("SPARSE".utf8))), Attribute("max_map", .int(6))]
    #expect(try infer("CastMap", domain: domain, [map], sparse, opset: 1).fixedShape == [1, 6])
  }

  @Test func features() throws {
    let lengths = Attribute("inputdimensions", .ints([3, 5]))
    let inputs = [ValueFacts(.float32, [3, 4]), ValueFacts(.float32, [3, 2])]
    #expect(try infer("FeatureVectorizer", domain: domain, inputs, [lengths], opset: 1).fixedShape == [3, 8])
    #expect(throws: ZooError.self) {
      try infer("FeatureVectorizer", domain: domain, [inputs[0], ValueFacts(.float32, [2, 2])], [lengths], opset: 1)
    }
    let places = ValueFacts(.int64, [2, 1])
    for (shape, result) in [([3], [1, 2]), ([2, 3], [2, 2]), ([2, 3, 4], [2, 3, 2])] {
      let found = try infer("ArrayFeatureExtractor", domain: domain, [ValueFacts(.float32, shape), places], opset: 1)
      #expect(found.fixedShape == result)
    }
  }

  @Test func texts() throws {
    let indexes = [Attribute("ngram_indexes", .ints([0, 5]))]
    #expect(try infer("TfIdfVectorizer", [ValueFacts(.int64, [2, 3])], indexes).fixedShape == [2, 6])
    #expect(try infer("TfIdfVectorizer", [ValueFacts(.int64, [3])], indexes).fixedShape == [6])
    #expect(throws: ZooError.self) { try infer("TfIdfVectorizer", [ValueFacts(.int64, [3])]) }
    let stopwords = [Attribute("stopwords", .strings([[97]]))]
    #expect(try infer("StringNormalizer", [ValueFacts(.string, [1, 3])]).fixedShape == [1, 3])
    #expect(try infer("StringNormalizer", [ValueFacts(.string, [0])]).fixedShape == [1])
    #expect(try infer("StringNormalizer", [ValueFacts(.string, [1, 3])], stopwords).shape?.count == 2)
    #expect(try infer("StringNormalizer", [ValueFacts(.string, [1, 3])], stopwords).fixedShape == nil)
    #expect(throws: ZooError.self) { try infer("StringNormalizer", [ValueFacts(.string, [2, 1])]) }
    let parts = try inferAll("StringSplit", [ValueFacts(.string, [2])], opset: 20, outputs: 2)
    #expect(parts[0].shape?.count == 2 && parts[1].fixedShape == [2] && parts[1].kind == .tensor(.int64))
  }

  @Test func randomNumbers() throws {
    let shape = Attribute("shape", .ints([2, 3]))
    let drawn = try infer("RandomNormal", [], [shape, Attribute("dtype", .int(10))])
    #expect(drawn.kind == .tensor(.float16) && drawn.fixedShape == [2, 3])
    let like = try infer("RandomUniformLike", [ValueFacts(.tensor(.float64), shape: [s])])
    #expect(like.kind == .tensor(.float64) && like.shape == [s])
    let samples = try infer(
      "Multinomial", [ValueFacts(.tensor(.float32), shape: [s, 9])], [Attribute("sample_size", .int(4))])
    #expect(samples.kind == .tensor(.int32) && samples.shape == [s, 4])
    for (name, inputs, attributes) in [
      ("RandomNormal", [], []), ("RandomNormal", [], [Attribute("shape", .ints([-1]))]),
      ("RandomNormalLike", [ValueFacts(.int32, [2])], []), ("Multinomial", [ValueFacts(.float32, [2, 0])], []),
    ] as [(String, [ValueFacts], [Attribute])] {
      #expect(throws: ZooError.self) { try infer(name, inputs, attributes) }
    }
  }

  @discardableResult
  private func shapes(_ name: String, _ x: ValueFacts, _ attributes: [Attribute], _ outputs: Int = 1) throws -> [[Int]?]
  {
    try inferAll(name, domain: domain, [x], attributes, opset: 3, outputs: outputs).map(\.fixedShape)
  }
}
