import ArgumentParser
import ModelZoo
import NumPyFormat

/// A network's inputs as files, or drawn from a seed.
struct TensorOptions: ParsableArguments {
  @Option(
    name: .customLong("input"), help: ArgumentHelp("An input's file; may be repeated.", valueName: "NAME=FILE.npy"),
    completion: .file())
  var files: [String] = []

  @Option(help: "Make the inputs that are not given from this seed: 0 to 18446744073709551615.")
  var seed: UInt64?

  @OptionGroup var dimensions: DimensionOptions

  /// Whether any of the options was given.
  var isGiven: Bool { !files.isEmpty || seed != nil }

  /// - Parameters:
  ///   - name: What the user calls the model.
  ///   - defaultSeed: What inputs are made from where neither files nor a seed are given for them.
  ///   - others: The extent of dimensions that the model and the user leave open.
  /// - Throws: `ZooError` (`usage`) for inputs that are missing or unknown, and what reading the files throws.
  func inputs(
    of model: Model, named name: String, defaultSeed: UInt64? = nil, others: Int? = nil
  ) throws -> [String: Tensor] {
    let tensors = try exactInputs(of: model, named: name, defaultSeed: defaultSeed, others: others)
    return Dictionary(tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
  }

  /// As `inputs`, with names as bytes.
  func exactInputs(
    of model: Model, named name: String, defaultSeed: UInt64? = nil, others: Int? = nil
  ) throws -> [(name: String, tensor: Tensor)] {
    let tensors = try givenInputs(of: model)
    let missing = model.inputs.filter { input in
      !tensors.contains { $0.name.utf8.elementsEqual(input.name.utf8) }
    }
    guard !missing.isEmpty else { return tensors }
    guard let seed = seed ?? defaultSeed else {
      throw ZooError(
        .usage, "no value for input \(missing.map(\.name).joined(separator: ", "))", at: name,
        advice: "give --input \(missing[0].name)=FILE.npy, or --seed N for random inputs")
    }
    return tensors
      + (try model.definition.exactRandomInputs(
        seed: seed, batch: dimensions.batch, dimensions: dimensions.symbols(), others: others,
        except: tensors.map(\.name)))
  }

  /// The inputs that files are given for.
  private func givenInputs(of model: Model) throws -> [(name: String, tensor: Tensor)] {
    let known = model.definition.graph.inputs.map(\.name)
    var tensors: [(name: String, tensor: Tensor)] = []
    for argument in files {
      // Names may hold "=", files hardly.
      guard let split = argument.lastIndex(of: "="), split != argument.startIndex else {
        throw ZooError(
          .usage, "not NAME=FILE.npy", at: "--input \(argument)", advice: "for example --input input=x.npy")
      }
      let input = String(argument[..<split])
      guard known.contains(input) else {
        throw ZooError(
          .usage, "the model has no input of that name", at: "--input \(input)",
          advice: "its inputs: \(known.joined(separator: ", "))")
      }
      // Names that a keyboard writes in another normal form are meant too, where nothing else can be.
      let forms = known.filter { $0 == input }
      let meant = forms.count == 1 ? forms[0] : input
      tensors.removeAll { $0.name.utf8.elementsEqual(meant.utf8) }
      let file = String(argument[argument.index(after: split)...])
      tensors.append((meant, try NumPyFile.read(file)))
    }
    return tensors
  }
}
