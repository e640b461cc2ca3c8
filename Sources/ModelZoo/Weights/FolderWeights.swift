#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Which files of a folder are the model's weights: those of a usual name, or the only ones that can be meant.
struct FolderWeights {
  /// The files in their order: one, or all parts of a model that has no index.
  let names: [String]

  /// Names that libraries give a folder's checkpoint, the best first.
  private static let usualNames = [
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
    "model.pth", "model.pt", "model.bin", "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.safetensors.index.json", "diffusion_pytorch_model.bin",
    "diffusion_pytorch_model.bin.index.json", "adapter_model.safetensors", "adapter_model.bin",
  ]
  /// What training leaves beside a model.
  private static let otherNames = [
    "training_args.", "optimizer.", "scheduler.", "scaler.", "rng_state", "random_states", "trainer_state.",
  ]

  /// - Throws: `ZooError` (`notFound`) for a folder that holds no weights, or more than one model's.
  init(_ folder: String) throws {
    let found = Self.candidates(in: folder)
    if let name = Self.usualNames.first(where: found.contains) {
      names = [name]
      return
    }
    for ending in [".index.json", ".safetensors", ""] {
      let group = found.filter { name in
        // Tokenizers have files .model too.
        name.hasSuffix(ending) && !name.hasSuffix(".model") && !Self.otherNames.contains(where: name.hasPrefix)
      }
      guard !group.isEmpty else { continue }
      if group.count == 1, Self.part(group[0]) == nil {
        names = group
        return
      }
      if let parts = try Self.parts(group, folder) {
        names = parts
        return
      }
      throw ZooError(
        .notFound, "the folder holds several files of weights: \(group.prefix(4).joined(separator: ", "))", at: folder,
        advice: "give one of them")
    }
    throw ZooError(
      .notFound, "the folder holds no checkpoint", at: folder,
      advice: "it should hold one file of weights, or one of: \(Self.usualNames.prefix(4).joined(separator: ", "))")
  }

  /// The names of the files that hold weights.
  static func candidates(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { name in
      guard FileKind(path: "\(folder)/\(name)") == .file else { return false }
      return WeightsFormat(nameOf: name) != nil || usualNames.contains(name)
        || name.hasSuffix(".safetensors.index.json")
        || name.hasSuffix(".bin.index.json")
    }.sorted()
  }

  /// All parts of one model, in their order; `nil` for files that are no such parts.
  private static func parts(_ names: [String], _ folder: String) throws -> [String]? {
    let parts = names.map(part)
    guard let first = parts[0], parts.allSatisfy({ $0?.stem == first.stem && $0?.count == first.count }) else {
      return nil
    }
    let numbers = Set(parts.compactMap { $0?.number })
    guard numbers == Set(1...first.count), names.count == first.count else {
      throw ZooError(
        .badData, "the folder holds \(names.count) of the model's \(first.count) files", at: folder,
        advice: "copy or download the others too")
    }
    // The first of GGUF's stands for all.
    return names[0].hasSuffix(".gguf") ? [names[0]] : names
  }

  /// `model-00002-of-00003.safetensors`: the second of three.
  private static func part(_ name: String) -> (stem: String, number: Int, count: Int)? {
    guard let match = name.wholeMatch(of: #/(.+)-([0-9]{2,6})-of-([0-9]{2,6})(\.[a-z]+)/#),
      let number = Int(match.2), let count = Int(match.3), count > 0
    else { return nil }
    return ("\(match.1)\(match.4)", number, count)
  }
}
