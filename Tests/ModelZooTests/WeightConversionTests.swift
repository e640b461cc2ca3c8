import Foundation
import ModelZoo
import ResNet
import Testing

/// Renaming, choosing, casting; and what differs is found.
@Suite struct WeightConversionTests {
  private func tensor(_ name: String, _ values: [Float] = [1]) throws -> NamedTensor {
    NamedTensor(name: name, tensor: StoredTensor(try Tensor(values, shape: [values.count])))
  }

  private func names(_ names: [String], _ change: (inout WeightConversion) throws -> Void) throws -> [String] {
    var conversion = WeightConversion()
    try change(&conversion)
    return try conversion.apply(to: names.map { try tensor($0) }).tensors.map(\.name)
  }

  @Test(arguments: [
    (#"module\.(.*)=\1"#, "module.a.b", "a.b"), (#"^layer(\d+)\.=h.$1."#, "layer12.x", "h.12.x"),
    (#"\.gamma$=.weight"#, "norm.gamma", "norm.weight"), (#"a=bb"#, "aXa", "bbXbb"),
    (#"(a)(b)?=[\2\1]"#, "ac", "[a]c"), (#"(.*)=$$\\\0"#, "x", #"$\x"#), (#"(?=b)=."#, "ab", "a.b"),
    ("x=y", "abc", "abc"),
    (#"é=e"#, "é", "e"),
  ])
  func renames(_ rule: String, _ name: String, _ expected: String) throws {
    #expect(try names([name]) { $0.renamings = [try Renaming(rule)] } == [expected])
  }

  @Test(arguments: ["(a=b", "=b", "nothing", "["]) func refusesRulesThatAreNone(_ rule: String) {
    #expect(throws: ZooError.self) { try Renaming(rule) }
  }

  @Test func refusesNamesThatClash() throws {
    let error = try #require(throws: ZooError.self) {
      try names(["a.x", "b.x"]) { $0.renamings = [try Renaming(#"^..=c"#)] }
    }
    #expect(error.kind == .usage && error.description.contains("cx"))
    #expect(throws: ZooError.self) { try names(["a"]) { $0.renamings = [try Renaming(#"(a)=\2"#)] } }
    #expect(throws: ZooError.self) { try names(["a"]) { $0.renamings = [try Renaming("a=")] } }
  }

  @Test func choosesByName() throws {
    let all = ["conv.weight", "conv.bias", "fc.weight"]
    #expect(try names(all) { $0.included = ["weight$"] } == ["conv.weight", "fc.weight"])
    #expect(try names(all) { $0.excluded = ["^fc", "bias"] } == ["conv.weight"])
    #expect(try names(all) { ($0.included, $0.excluded) = (["conv"], ["bias"]) } == ["conv.weight"])
    let error = try #require(throws: ZooError.self) { try names(all) { $0.included = ["nothing"] } }
    #expect(error.kind == .usage)
    #expect(throws: ZooError.self) { try names(all) { $0.included = ["("] } }
  }

  @Test func takesArchitecturesNames() throws {
    let model = try architectures.architecture(named: "resnet20").model(randomSeed: 1)
    var weights = model.graph.initializers.filter { $0.tensor.type == .float32 && $0.name.contains(".") }
    let own = weights.map(\.name)
    for index in weights.indices {
      weights[index].name = "module." + weights[index].name.replacing("linear.", with: "fc.")
    }
    var conversion = WeightConversion()
    conversion.architecture = "resnet20"
    #expect(try conversion.apply(to: weights).tensors.map(\.name) == own)
    conversion.architecture = "resnet56"
    #expect(throws: ZooError.self) { try conversion.apply(to: weights) }
    conversion.architecture = "nothing"
    #expect(throws: ZooError.self) { try conversion.apply(to: weights) }
    conversion.architecture = "bert"
    let bert = try ["bert.embeddings.LayerNorm.gamma", "bert.encoder.layer.0.output.dense.bias", "cls.x"].map {
      try tensor($0)
    }
    #expect(
      try conversion.apply(to: bert).tensors.map(\.name)
        == ["embeddings.LayerNorm.weight", "encoder.layer.0.output.dense.bias"])
  }

  /// Hugging Face's names of ResNets, as `transformers` has them.
  @Test func knowsHuggingFacesResNets() throws {
    let weights = try ResNet(.resnet50).model(randomSeed: 1).graph.initializers.filter {
      $0.tensor.type == .float32 && $0.name.contains(".")
    }
    let kinds = [("conv", "convolution"), ("bn", "normalization")]
    let renamed = weights.map { item in
      var item = item
      var parts = item.name.split(separator: ".").map(String.init)
      if parts[0] == "fc" {
        parts[0] = "classifier.1"
      } else if parts[0].hasPrefix("layer"), let stage = Int(parts[0].dropFirst(5)) {
        let head = "resnet.encoder.stages.\(stage - 1).layers.\(parts[1])"
        if parts[2] == "downsample" {
          parts = [head, "shortcut", parts[3] == "0" ? "convolution" : "normalization", parts[4]]
        } else if let kind = kinds.first(where: { parts[2].hasPrefix($0.0) }),
          let number = Int(parts[2].dropFirst(kind.0.count))
        {
          parts = [head, "layer.\(number - 1)", kind.1, parts[3]]
        }
      } else if let kind = kinds.first(where: { parts[0] == $0.0 + "1" }) {
        parts[0] = "resnet.embedder.embedder.\(kind.1)"
      }
      item.name = parts.joined(separator: ".")
      return item
    }
    #expect(Set(renamed.map(\.name)).isDisjoint(with: weights.map(\.name)))
    var conversion = WeightConversion()
    conversion.architecture = "resnet50"
    #expect(try conversion.apply(to: renamed).tensors.map(\.name) == weights.map(\.name))
  }

  /// Bits of the tensor `values` cast to `type`.
  private func cast<Value: TensorElement>(_ values: [Value], _ type: FloatType) throws -> (bits: [UInt8], CastCost) {
    let original = NamedTensor(name: "t", tensor: StoredTensor(try Tensor(values, shape: [values.count])))
    var conversion = WeightConversion()
    conversion.type = type
    let (tensors, cost) = try conversion.apply(to: [original])
    #expect(tensors[0].tensor.type == type.elementType)
    return (try tensors[0].tensor.load().withUnsafeBytes { Array($0) }, try #require(cost))
  }

  private func words<Word>(_ bytes: [UInt8], _: Word.Type) -> [Word] {
    bytes.withUnsafeBytes { Array($0.bindMemory(to: Word.self)) }
  }

  /// Swift's own Float16 is the reference.
  @Test func castsToHalfAsTheLanguageDoes() throws {
    var state: UInt64 = 9
    func random() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 31
    }
    let edges: [Float] = [
      65504, 65519.996, 65520, 65536, 0x1p-24, 0x1p-25, 0x1.000002p-25, 0x1p-14, 0x1.ffcp-15, 0, -0.0,
    ]
    let floats =
      edges + edges.map { -$0 } + (0..<200_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random())) }
      + (0..<100_000).map { _ in Float(Int(random() % 4001) - 2000) / 512 * Float(random() % 1000) }
    let doubles =
      floats.map { Double($0) } + floats.map { Double($0).nextUp } + floats.map { Double($0).nextDown }
      + (0..<200_000).map { _ in Double(bitPattern: random()) }
    for (value, bits) in zip(floats, words(try cast(floats, .float16).bits, UInt16.self)) {
      #expect(Self.isSame(Float16(bitPattern: bits), Float16(value)), "\(value)")
    }
    for (value, bits) in zip(doubles, words(try cast(doubles, .float16).bits, UInt16.self)) {
      #expect(Self.isSame(Float16(bitPattern: bits), Float16(value)), "\(value)")
    }
    for (value, bits) in zip(doubles, words(try cast(doubles, .float32).bits, UInt32.self)) {
      #expect(Self.isSame(Float(bitPattern: bits), Float(value)), "\(value)")
    }
    // bfloat16 has the exponents of float32: the nearest of both neighbours, or the even one.
    for (value, bits) in zip(doubles, words(try cast(doubles, .bfloat16).bits, UInt16.self)) {
      let found = Double(Float(bitPattern: UInt32(bits) << 16))
      if value.isNaN {
        #expect(found.isNaN)
        continue
      }
      let low = Float(value).bitPattern & 0x7FFF_FFFF
      let candidates = [low >> 16, low >> 16 + 1, max(low >> 16, 1) - 1].filter { $0 <= 0x7F80 }
      // What would be the next number counts in place of infinity.
      func number(_ bits: UInt32) -> Double { bits == 0x7F80 ? 0x1p128 : Double(Float(bitPattern: bits << 16)) }
      let best = candidates.min {
        let (a, b) = ((number($0) - value.magnitude).magnitude, (number($1) - value.magnitude).magnitude)
        return a != b ? a < b : $0 % 2 < $1 % 2
      }
      #expect(UInt32(bits & 0x7FFF) == best && (bits >> 15 == 1) == (value.sign == .minus), "\(value)")
    }
  }

  private static func isSame<Value: BinaryFloatingPoint>(_ a: Value, _ b: Value) -> Bool {
    a.isNaN && b.isNaN || a == b && a.sign == b.sign
  }

  @Test func tellsWhatACastChanges() throws {
    let values: [Float] = [1, 1 + 0x1p-10, 70000, -1e-9, .infinity, .nan, -0.0]
    let (bits, cost) = try cast(values, .float16)
    let found = words(bits, UInt16.self).map { Float(Float16(bitPattern: $0)) }
    #expect(found[0] == 1 && found[2] == .infinity && found[3] == 0 && found[4] == .infinity && found[5].isNaN)
    #expect(found[6].sign == .minus && found[3].sign == .minus)
    #expect(cost.tensors == 1 && cost.values == 7 && cost.changedValues == 2 && cost.overflows == 1)
    #expect(cost.largestError == Double(Float(1e-9)) && cost.largestRelativeError == 1 && cost.worstTensor == "t")
    // Infinity's neighbour among NaNs stays one.
    let sly = Float(bitPattern: 0x7F80_0001)
    for type in FloatType.allCases where type != .float32 {
      let bits = words(try cast([sly], type).bits, UInt16.self)[0]
      #expect(type == .float16 ? bits & 0x3FF != 0 : bits & 0x7F != 0)
    }
    #expect(try cast([1.5 as Float], .bfloat16).1.changedValues == 0)
  }

  @Test func countsAreLeftAlone() throws {
    var conversion = WeightConversion()
    conversion.type = .bfloat16
    let counter = NamedTensor(name: "n", tensor: StoredTensor(try Tensor([1 << 40] as [Int64], shape: [])))
    let (tensors, cost) = try conversion.apply(to: [counter])
    #expect(tensors[0].tensor.type == .int64 && cost == CastCost())
  }

  @Test func findsDifferences() throws {
    let long = (0..<200_000).map { Float($0) }
    var other = long
    other[150_001] += 0.5
    other[3] = -0.0
    let first = try [tensor("a"), tensor("long", [0, 0, 0, 0] + long), tensor("zero", [0]), tensor("nan", [.nan])]
    let second = try [
      tensor("zero", [-0.0]), tensor("long", [0, 0, 0, 0] + other), tensor("nan", [.nan]), tensor("b"),
    ]
    let difference = try WeightDifference(first, second)
    #expect(difference.onlyInFirst == ["a"] && difference.onlyInSecond == ["b"] && !difference.hasSameOrder)
    #expect(difference.same == 1 && difference.differing.map(\.name) == ["long", "zero"])
    #expect(difference.differing[0].values == 2 && difference.differing[0].largest == 3)
    #expect(difference.differing[1].values == 1 && difference.differing[1].largest == 0)
    let tolerant = try WeightDifference(first, second, tolerance: .init(absolute: 1))
    #expect(tolerant.differing.map(\.name) == ["long"] && tolerant.differing[0].values == 1)

    let wide = NamedTensor(name: "x", tensor: StoredTensor(try Tensor([1 << 60, 5] as [Int64], shape: [2])))
    let near = NamedTensor(name: "x", tensor: StoredTensor(try Tensor([1 << 60 + 1, 5] as [Int64], shape: [2])))
    #expect(try WeightDifference([wide], [near]).differing.first?.values == 1)
    let half = try cast([1 as Float, 2], .bfloat16)
    let narrow = NamedTensor(
      name: "w", tensor: StoredTensor(try Tensor(type: .bfloat16, shape: [2]) { $0.copyBytes(from: half.bits) }))
    #expect(try WeightDifference([tensor("w", [1, 2])], [narrow]).differing.first?.values == 0)
    #expect(try WeightDifference([tensor("w", [1, 2])], [narrow], tolerance: .init()).isNone)
    #expect(try WeightDifference([tensor("w", [1, 2, 3])], [narrow]).differing.first?.shapes == [[3], [2]])
    #expect(try WeightDifference([tensor("w", [.nan])], [tensor("w", [1])]).differing.first?.largest == .infinity)
  }

  @Test func countsWhatTensorsHold() throws {
    let values = (0..<150_000).map { Float($0 % 7) - 2 } + [.nan, .infinity, -.infinity]
    let numbers = try TensorStatistics(StoredTensor(Tensor(values, shape: [values.count])))
    let finite = values.filter(\.isFinite).map { Double($0) }
    let mean = finite.reduce(0, +) / Double(finite.count)
    let variance = finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(finite.count)
    #expect(numbers.least == -2 && numbers.greatest == 4 && numbers.nans == 1 && numbers.infinities == 2)
    #expect(abs((numbers.mean ?? 0) - mean) < 1e-12 && abs((numbers.deviation ?? 0) - variance.squareRoot()) < 1e-12)
    #expect(numbers.zeros == finite.filter { $0 == 0 }.count)
    let packed = StoredTensor(try Tensor(type: .int4, shape: [3]) { $0.copyBytes(from: [0x8F, 0x07]) })
    let small = try TensorStatistics(packed)
    #expect(small.least == -8 && small.greatest == 7 && small.mean == -2.0 / 3)
    let six = StoredTensor(try Tensor(type: .float6e2m3, shape: [4]) { $0.copyBytes(from: [0b1100_1000, 0x0F, 0x80]) })
    // 001000 is 1, 111111 is -7.5, 000000 is 0, 100000 is -0.
    let sixth = try TensorStatistics(six)
    #expect(sixth.greatest == 1 && sixth.least == -7.5 && sixth.zeros == 2, "\(sixth)")
    let empty = try TensorStatistics(StoredTensor(Tensor([] as [Float], shape: [0])))
    #expect(empty.mean == nil)
  }
}
