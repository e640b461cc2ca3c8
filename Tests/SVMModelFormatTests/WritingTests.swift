import Foundation
import ONNXFormat
import SVMModelFormat
import TestSupport
import Testing
import ZooCore

/// Machines as LIBSVM's and LIBLINEAR's files.
@Suite struct WritingTests {
  private static let all = try! FileManager.default.contentsOfDirectory(atPath: ModelTests.fixtures.path)
    .filter { $0.hasSuffix(".model") }.sorted()
  private static let names = all.filter { $0.hasPrefix("svm-") }
  private static let linearNames = all.filter { !$0.hasPrefix("svm-") }

  /// The words of a model file, numbers as float32.
  private func words(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split { " \n:".contains($0) }
      .map { word in Float(word).map { "\($0)" } ?? String(word) }
  }

  @Test(arguments: names) func filesComeBackAsTheyWere(_ name: String) throws {
    try withFolder { folder in
      let original = ModelTests.fixtures.appending(path: name).path
      try ONNXFormat.write(SVMModelFormat.readModel(original), to: folder + "/a.onnx")
      try SVMModelFormat.write(ONNXFormat.read(folder + "/a.onnx"), to: folder + "/a.model")
      #expect(try words(folder + "/a.model") == words(original))
      try SVMModelFormat.write(SVMModelFormat.readModel(folder + "/a.model"), to: folder + "/b.model")
      #expect(try bytes(of: folder + "/a.model") == bytes(of: folder + "/b.model"))
    }
  }

  /// Biases are of a feature that is 1 then.
  @Test(arguments: linearNames) func linearMachinesComeBack(_ name: String) throws {
    try withFolder { folder in
      let original = try SVMModelFormat.readModel(ModelTests.fixtures.appending(path: name).path)
      try ONNXFormat.write(original, to: folder + "/a.onnx")
      try SVMModelFormat.write(ONNXFormat.read(folder + "/a.onnx"), to: folder + "/a.model")
      let again = try SVMModelFormat.readModel(folder + "/a.model")
      #expect(again.graph.name == original.graph.name)
      #expect("\(again.graph.nodes)" == "\(original.graph.nodes)")
      #expect(again.metadata.labels == original.metadata.labels)
    }
  }

  @Test(
    .needs(.program("svm-predict")), arguments: names)
  func svmPredictSaysTheSame(_ name: String) throws { try check(name, with: "svm-predict") }

  @Test(
    .needs(.program("liblinear-predict")),
    // Machines of one class came after the 2.3 that Debian has.
    arguments: linearNames.filter { $0 != "linear-one-class.model" })
  func liblinearPredictSaysTheSame(_ name: String) throws { try check(name, with: "liblinear-predict") }

  /// The library's own program gives the same for a file and for what becomes of it by way of a graph.
  private func check(_ name: String, with command: String) throws {
    let program = try #require(Program.path(of: command))
    let item = try #require(try ModelTests.cases().first { $0.file == name })
    try withFolder { folder in
      let rows = item.x.map { row in "0 " + row.enumerated().map { "\($0 + 1):\($1)" }.joined(separator: " ") + "\n" }
      try Data(rows.joined().utf8).write(to: URL(filePath: folder + "/x"))
      let original = ModelTests.fixtures.appending(path: name).path
      try SVMModelFormat.write(SVMModelFormat.readModel(original), to: folder + "/a.model")
      for options in item.outputs.probabilities == nil ? [[]] : [[], ["-b", "1"]] {
        func answers(_ model: String) throws -> [[Double]] {
          try Program.run(program, options + [folder + "/x", model, folder + "/y"])
          let text = try String(contentsOfFile: folder + "/y", encoding: .utf8)
          return text.split(separator: "\n").map { $0.split(separator: " ").compactMap { Double($0) } }
        }
        let (found, wanted) = (try answers(folder + "/a.model"), try answers(original))
        #expect(found.count == wanted.count && found.count >= item.x.count && !item.x.isEmpty)
        for (row, other) in zip(found, wanted) {
          #expect(row.count == other.count && zip(row, other).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
        }
      }
    }
  }

  // MARK: - Graphs as skl2onnx writes them

  private static let machine = "ai.onnx.ml"

  private static func classifier(_ changes: (inout Node) -> Void = { _ in }) -> Node {
    var node = Node(
      "SVMClassifier", domain: machine, inputs: ["x"], outputs: ["label", "scores"],
      attributes: [
        Attribute("classlabels_ints", .ints([7, -1])), Attribute("coefficients", .floats([0.1, 0.5, -0.6])),
        .text("kernel_type", "POLY"), Attribute("kernel_params", .floats([0.25, 1, 2])),
        Attribute("rho", .floats([-0.5])), Attribute("support_vectors", .floats([1, 0, 0.3, 0, -1e-8, 0])),
        Attribute("vectors_per_class", .ints([2, 1])), .text("post_transform", "NONE"),
      ])
    changes(&node)
    return node
  }

  private static func regressor(_ changes: (inout Node) -> Void = { _ in }) -> Node {
    var node = Node(
      "SVMRegressor", domain: machine, inputs: ["x"], outputs: ["y"],
      attributes: [
        Attribute("coefficients", .floats([0.1, -0.1])), .text("kernel_type", "RBF"),
        Attribute("kernel_params", .floats([0.25, 0, 3])), Attribute("rho", .floats([1.5])),
        Attribute("support_vectors", .floats([1, 2, 3, 4])), Attribute("n_supports", .int(2)),
      ])
    changes(&node)
    return node
  }

  private func written(_ nodes: [Node], constants: [NamedTensor] = []) throws -> String {
    var definition = ModelDefinition()
    definition.graph.nodes = nodes
    definition.graph.inputs = [ValueInfo(name: "x", elementType: .float64, shape: ["N", 2])]
    definition.graph.initializers = constants
    return try withFolder { folder in
      try SVMModelFormat.write(definition, to: folder + "/a.model")
      return try String(contentsOfFile: folder + "/a.model", encoding: .utf8)
    }
  }

  private func cast(_ input: String, _ output: String, _ type: ElementType = .float32) -> Node {
    Node("Cast", inputs: [input], outputs: [output], attributes: [Attribute("to", .int(Int64(type.rawValue)))])
  }

  @Test func machinesAmongCastsAndNames() throws {
    let text = try written([
      cast("x", "numbers"), Self.classifier { $0.inputs = ["numbers"] }, cast("scores", "probabilities"),
      cast("label", "output_label", .int64),
      Node("ZipMap", domain: Self.machine, inputs: ["probabilities"], outputs: ["output_probability"]),
    ])
    #expect(
      text == """
        svm_type c_svc
        kernel_type polynomial
        degree 2
        gamma 0.25
        coef0 1.0
        nr_class 2
        total_sv 3
        rho 0.5
        label 7 -1
        nr_sv 2 1
        SV
        0.1 1:1.0 2:0.0\u{20}
        0.5 1:0.3\u{20}
        -0.6 1:-1e-08\u{20}

        """)
    let platt = try written([
      Self.classifier { $0.attributes += [Attribute("prob_a", .floats([-2])), Attribute("prob_b", .floats([0.125]))] }
    ])
    #expect(platt.contains("\nprobA -2.0\nprobB 0.125\n"))
    #expect(try written([Self.regressor(), cast("y", "variable")]).hasPrefix("svm_type epsilon_svr\n"))
    let sign = [Node("Sign", inputs: ["y"], outputs: ["s"]), cast("s", "label", .int64)]
    #expect(try written([Self.regressor()] + sign).hasPrefix("svm_type one_class\n"))
    let flag = Self.regressor { $0.attributes.append(Attribute("one_class", .int(1))) }
    #expect(try written([flag]).hasPrefix("svm_type one_class\n"))
  }

  private static func linear(
    _ labels: [Int64], _ coefficients: [Float], _ intercepts: [Float], _ transform: String = "NONE"
  ) -> Node {
    Node(
      "LinearClassifier", domain: machine, inputs: ["x"], outputs: ["label", "scores"],
      attributes: [
        Attribute("classlabels_ints", .ints(labels)), Attribute("coefficients", .floats(coefficients)),
        Attribute("intercepts", .floats(intercepts)), .text("post_transform", transform),
      ])
  }

  private static func linearRegressor(_ changes: (inout Node) -> Void = { _ in }) -> Node {
    var node = Node(
      "LinearRegressor", domain: machine, inputs: ["x"], outputs: ["y"],
      attributes: [Attribute("coefficients", .floats([1, -2])), Attribute("intercepts", .floats([0.5]))])
    changes(&node)
    return node
  }

  @Test func linearMachinesAreLIBLINEARs() throws {
    let pair = try written([Self.linear([3, 8], [-1, 2, 1, -2], [-0.5, 0.5], "LOGISTIC")])
    #expect(
      pair == """
        solver_type L2R_LR
        nr_class 2
        label 8 3
        nr_feature 2
        bias 1
        w
        1.0
        -2.0
        0.5

        """)
    // Shares of two scores are the logistic function of their difference.
    #expect(
      try written([Self.linear([3, 8], [-1, 2, 1, -2], [0, 0], "SOFTMAX")]).hasSuffix("bias -1\nw\n2.0\n-4.0\n"))
    #expect(
      try written([Self.linear([3, 8], [1, -2], [0])]).hasSuffix("label 8 3\nnr_feature 2\nbias -1\nw\n1.0\n-2.0\n"))
    // Two functions that are not each other's opposite share nothing, but the labels are the larger one's.
    #expect(
      try written([Self.linear([3, 8], [0, 2, 1, 5], [0, 0], "LOGISTIC")])
        .hasPrefix("solver_type L2R_L2LOSS_SVC\nnr_class 2\nlabel 8 3\nnr_feature 2\nbias -1\nw\n1.0\n3.0\n"))
    let three = [Float](repeating: 1, count: 6)
    for (transform, solver) in [("NONE", "L2R_L2LOSS_SVC"), ("LOGISTIC", "L2R_LR"), ("SOFTMAX", "MCSVM_CS")] {
      let text = try written([Self.linear([1, 2, 3], three, [1, 2, 3], transform)])
      #expect(text.hasPrefix("solver_type \(solver)\nnr_class 3\nlabel 1 2 3\n"))
      #expect(text.hasSuffix("w\n1.0 1.0 1.0\n1.0 1.0 1.0\n1.0 2.0 3.0\n"))
    }
    let value = try written([Self.linearRegressor(), cast("y", "variable")])
    #expect(value == "solver_type L2R_L2LOSS_SVR\nnr_class 2\nnr_feature 2\nbias 1\nw\n1.0\n-2.0\n0.5\n")
  }

  @Test func whatTheFilesCanNotHoldIsRefused() throws {
    func check(_ word: String, _ nodes: [Node], constants: [NamedTensor] = []) {
      let thrown = error { try written(nodes, constants: constants) }
      #expect(thrown?.kind == .unsupported || thrown?.kind == .badData, "\(word)")
      #expect(thrown?.description.contains(word) == true, "\(word): \(String(describing: thrown))")
    }
    func replaced(_ name: String, _ value: Attribute.Value) -> Node {
      Self.classifier { node in
        node.attributes.removeAll { $0.name == name }
        node.attributes.append(Attribute(name, value))
      }
    }
    let two = NamedTensor(name: "two", tensor: StoredTensor(try Tensor([Float(2)], shape: [])))
    check("neither", [cast("x", "y")])
    check(
      "Scaler",
      [
        Node("Scaler", domain: Self.machine, inputs: ["x"], outputs: ["s"]), Self.classifier { $0.inputs = ["s"] },
      ])
    check("beside", [Self.classifier(), Node("Abs", inputs: ["x"], outputs: ["other"])])
    check("before", [cast("x", "whole", .int32), Self.classifier { $0.inputs = ["whole"] }])
    check("labels are replaced", [Self.classifier(), Node("Neg", inputs: ["label"], outputs: ["other"])])
    check(
      "made others", [Self.regressor(), Node("Mul", inputs: ["y", "two"], outputs: ["z"])], constants: [two])
    check(
      "made others", [Self.regressor(), Node("Greater", inputs: ["y", "two"], outputs: ["z"])], constants: [two])
    check(
      "different machines",
      [Self.classifier(), replaced("rho", .floats([3]))].enumerated().map {
        var node = $1
        node.outputs = ["label\($0)", "scores\($0)"]
        return node
      })
    check(
      "texts",
      [Self.classifier { $0.attributes[0] = Attribute("classlabels_strings", .strings([Array("a".utf8), [98]])) }])
    check("labels for 2", [replaced("classlabels_ints", .ints([1]))])
    check("32 bits", [replaced("classlabels_ints", .ints([1, 1 << 40]))])
    check("support vectors", [replaced("vectors_per_class", .ints([]))])
    check("can't be", [replaced("vectors_per_class", .ints([-1, 4]))])
    check("contradict", [replaced("vectors_per_class", .ints([1, 1]))])
    check("contradict", [replaced("support_vectors", .floats([1, 2, 3, 4, 5]))])
    check("contradict", [replaced("coefficients", .floats([1]))])
    check("contradict", [replaced("rho", .floats([]))])
    check("contradict", [replaced("prob_a", .floats([1]))])
    check("not finite", [replaced("coefficients", .floats([1, 2, .nan]))])
    check("whole number", [replaced("kernel_params", .floats([1, 2, 2.5]))])
    check("whole number", [replaced("kernel_params", .floats([]))])
    check("unknown", [replaced("kernel_type", .string(Array("COSINE".utf8)))])
    check("3 labels for 2", [Self.linear([1, 2, 3], [1, 2, 3, 4], [1, 2])])
    check("don't go with", [Self.linear([1, 2], [1, 2, 3], [1, 2])])
    check("32 bits", [Self.linear([1, 1 << 40], [1, 2], [1])])
    check("made others", [Self.linearRegressor(), Node("Exp", inputs: ["y"], outputs: ["z"])])
    check("2 targets", [Self.linearRegressor { $0.attributes.append(Attribute("targets", .int(2))) }])
    check(
      "Scaler",
      [
        Node("Scaler", domain: Self.machine, inputs: ["x"], outputs: ["s"]), Self.linearRegressor { $0.inputs = ["s"] },
      ])
    check("post_transform", [replaced("post_transform", .string(Array("LOGISTIC".utf8)))])
  }
}
