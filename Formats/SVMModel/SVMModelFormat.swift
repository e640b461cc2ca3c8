import Files
import ZooCore
import TensorFiles

/// Model files of LIBLINEAR (Fan et al. 2008) and LIBSVM (Chang and Lin 2011): the texts that their `train` programs
/// write.
package enum SVMModelFormat {
  /// Whether `beginning`, the first bytes of a file (16 are enough), looks like one of the two.
  package static func sniff(_ beginning: UnsafeRawBufferPointer) -> Bool {
    beginning.starts(with: "solver_type ".utf8) || beginning.starts(with: "svm_type ".utf8)
  }

  /// The classifier or regression in the file at `path`, as operators of the domain ai.onnx.ml.
  ///
  /// The input is `features`, (N, F) float32; F is what the file says, or the largest number of a feature in a LIBSVM
  /// file. Outputs are those that the libraries have: `label` (N, int64) of classifiers and one-class machines,
  /// `decision_values` (N, machines), `probabilities` (N, classes, in the file's order of labels) where the model has
  /// them, and `value` (N) of regressions.
  ///
  /// - Throws: `ZooError`: `notFound` for a missing file, `badData` for a damaged or hostile one, `unsupported` for a
  ///   kernel that the file doesn't define (`precomputed`).
  package static func readModel(_ path: String) throws -> ModelDefinition {
    try ZooError.locating(path) {
      var definition =
        switch try model(path) {
        case .linear(let model): try model.definition()
        case .kernel(let model): try model.definition()
        }
      let name = path.split(separator: "/").last.map(String.init) ?? "svm"
      definition.metadata.name = name.hasSuffix(".model") ? String(name.dropLast(6)) : name
      return definition
    }
  }

  /// The machines of a linear model as heads of a network: `weight` (machines, features) and `bias` (machines).
  ///
  /// One for each class against the rest, by the classes' labels in ascending order; of two classes, one machine for the
  /// greater label. The metadata's `labels` are theirs.
  ///
  /// - Throws: As `readModel` does; `unsupported` for machines that are not linear, or stand between pairs of classes.
  package static func read(_ path: String) throws -> TensorFile {
    try ZooError.locating(path) {
      switch try model(path) {
      case .linear(let model): try model.heads()
      case .kernel(let model): try model.heads()
      }
    }
  }

  /// Writes the heads `weight` (machines, features) and `bias` (machines; zeros if there is none) to `path` as a LIBLINEAR
  /// model, whose labels are the metadata's `labels`, or 1, 2, …; of one machine, 1 and -1.
  ///
  /// - Throws: `ZooError`: `usage` for tensors that are no such heads, `notFound` where the folder can't be written.
  package static func write(_ file: TensorFile, to path: String) throws {
    try write(ZooError.locating(path) { try LinearSVM(heads: file) }, to: path)
  }

  /// Whether a support vector machine or a linear one is in `definition`, which `write` may take as a model.
  package static func holdsMachine(_ definition: ModelDefinition) -> Bool {
    MachineGraph.kind(of: definition.graph) != nil
  }

  /// Writes a graph that is one machine to `path`: ai.onnx.ml's SVMClassifier or SVMRegressor as a LIBSVM model,
  /// LinearClassifier or LinearRegressor as a LIBLINEAR model. Numbers have the digits that float32 needs.
  ///
  /// - Throws: `ZooError`: `unsupported` for what such a model can't hold (labels that are texts, operators that
  ///   prepare features or change results, an SVMClassifier's scores without support vectors), `badData` for attributes
  ///   that contradict each other, `notFound` where the folder can't be written.
  package static func write(_ definition: ModelDefinition, to path: String) throws {
    if MachineGraph.kind(of: definition.graph) == .linear {
      return try write(LinearSVM(definition), to: path)
    }
    let machine = try KernelSVM(definition)
    try ZooError.locating(path) {
      let output = try NewFile(path)
      try output.append(Array(machine.header.utf8))
      try machine.forEachLine { try output.append(Array($0.utf8)) }
      try output.commit()
    }
  }

  private static func write(_ machine: LinearSVM, to path: String) throws {
    try ZooError.locating(path) {
      let output = try NewFile(path)
      try output.append(Array(machine.text.utf8))
      try output.commit()
    }
  }

  private enum Model {
    case linear(LinearSVM)
    case kernel(KernelSVM)
  }

  private static func model(_ path: String) throws -> Model {
    try MappedFile.reading(path) { file in
      var text = SVMText(file.bytes)
      guard sniff(file.bytes) else {
        throw ZooError(.badData, "neither a LIBLINEAR nor a LIBSVM model", at: path)
      }
      return file.bytes.starts(with: "solver_type".utf8) ? .linear(try LinearSVM(&text)) : .kernel(try KernelSVM(&text))
    }
  }
}
