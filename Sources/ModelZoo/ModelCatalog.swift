import ZooRuntime
import ZooSystem

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The models that are known by name: `resnet20-cifar10` is `resnet20-cifar10.zoo` in one of `folders`.
public struct ModelCatalog: Sendable {
  /// A model file and the name it goes by.
  public struct Entry: Sendable, Hashable {
    public var name: String
    public var path: String
    /// Whether the model comes with the software.
    public var isShipped: Bool
  }

  /// The user's own folders; models are added to the first.
  public var ownFolders: [String]
  /// The folders of models that come with the software.
  public var shippedFolders: [String]

  /// Where models are looked for, the first folder that has one wins.
  public var folders: [String] { ownFolders + shippedFolders }

  public init(ownFolders: [String], shippedFolders: [String] = []) {
    self.ownFolders = ownFolders
    self.shippedFolders = shippedFolders
  }

  /// The folders of `ZOO_PATH` (separated by colons), `$XDG_DATA_HOME/zoo`, and the models that come with the software:
  /// `Zoo/*` of the checkout that the running program was built in, or `share/zoo` beside the `bin` it lies in.
  public static var standard: ModelCatalog {
    let environment = ProcessInfo.processInfo.environment
    var folders = (environment["ZOO_PATH"] ?? "").split(separator: ":").map(String.init)
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
      folders.append(data + "/zoo")
    } else if let home = environment["HOME"], !home.isEmpty {
      folders.append(home + "/.local/share/zoo")
    }
    return ModelCatalog(ownFolders: folders, shippedFolders: shippedFolders(of: executableFolder))
  }

  /// Every model, by name; one that an earlier folder hides is left out.
  public var entries: [Entry] {
    var found: [String: Entry] = [:]
    for (index, folder) in folders.enumerated() {
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      for file in files.sorted() {
        guard let name = Self.modelName(of: file), found[name] == nil else { continue }
        found[name] = Entry(name: name, path: "\(folder)/\(file)", isShipped: index >= ownFolders.count)
      }
    }
    return found.values.sorted { $0.name < $1.name }
  }

  /// The file of `model`: a path, a name, or the part of a name before a dash where only one model begins so
  /// (`resnet20` for `resnet20-cifar10`).
  ///
  /// - Throws: `ZooError` (`notFound`) that says where was looked and which names come near; (`usage`) for a beginning
  ///   that several models share.
  public func path(of model: String) throws(ZooError) -> String {
    do {
      if model.contains("/") || FileKind(path: model) == .file { return model }
      let entries = entries
      if let entry = entries.first(where: { $0.name == model }) { return entry.path }
      let longer = entries.filter { $0.name.hasPrefix(model + "-") }
      if longer.count == 1 { return longer[0].path }
      guard longer.isEmpty else {
        throw ZooError(
          .usage, "several models begin with that name: \(longer.map(\.name).joined(separator: ", "))", at: model,
          advice: "give the whole name")
      }
      // A name that looks like a file's was meant as one.
      guard Self.modelName(of: model) == nil else { throw ZooError(.notFound, "no such file", at: model) }
      let near = nearest(to: model, among: entries.map(\.name))
      let places = folders.isEmpty ? "nowhere" : folders.joined(separator: ", ")
      let advice =
        if !near.isEmpty {
          "did you mean \(near.joined(separator: " or "))?"
        } else if entries.isEmpty {
          "put models into a folder of ZOO_PATH, or give a file's path"
        } else {
          "zoo list shows the models that there are"
        }
      throw ZooError(
        .notFound, "neither a file nor a model in the zoo (looked in \(places))", at: model, advice: advice)
    } catch { throw ZooError(error) }
  }

  /// `resnet20-cifar10` for `resnet20-cifar10.zoo`; `nil` for files that are no models.
  static func modelName(of file: String) -> String? {
    for ending in ModelFormat.written.map({ ".\($0.rawValue)" }) where file.hasSuffix(ending) {
      let name = file.dropLast(ending.count)
      // Hidden files are none of the user's models.
      return name.isEmpty || name.hasPrefix(".") ? nil : String(name)
    }
    return nil
  }

  /// The folder of the running program, symbolic links resolved.
  private static var executableFolder: String? {
    RunningProgram.path.flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
  }

  private static func shippedFolders(of executableFolder: String?) -> [String] {
    guard var folder = executableFolder else { return [] }
    let files = FileManager.default
    if files.fileExists(atPath: folder + "/../share/zoo") { return [folder + "/../share/zoo"] }
    // A build lies at most this deep in its checkout: Examples/Embed/.build/x86_64-unknown-linux-gnu/release.
    for _ in 0..<6 {
      if files.fileExists(atPath: folder + "/Package.swift"),
        let architectures = try? files.contentsOfDirectory(atPath: folder + "/Zoo")
      {
        return architectures.sorted().map { "\(folder)/Zoo/\($0)" }.filter { path in
          ((try? files.contentsOfDirectory(atPath: path)) ?? []).contains { modelName(of: $0) != nil }
        }
      }
      guard let end = folder.lastIndex(of: "/"), end != folder.startIndex else { break }
      folder = String(folder[..<end])
    }
    return []
  }
}

/// Those of `names` that somebody who typed `name` may have meant, the nearest first.
package func nearest(to name: String, among names: [String]) -> [String] {
  let typed = name.lowercased()
  let scored = names.map { candidate -> (name: String, distance: Int) in
    let known = candidate.lowercased()
    if !typed.isEmpty, known.hasPrefix(typed) || typed.hasPrefix(known) { return (candidate, 1) }
    // The beginning counts, since names end with the dataset: `resnet2O` is near `resnet20-cifar10`.
    let beginning = known.split(separator: "-").first.map(String.init) ?? known
    return (candidate, min(editDistance(typed, known), editDistance(typed, beginning)))
  }
  let limit = max(1, min(3, typed.count / 3))
  return scored.filter { $0.distance <= limit }.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
    .prefix(3).map(\.name)
}

/// Levenshtein's distance: insertions, deletions and replacements that turn one into the other.
private func editDistance(_ left: String, _ right: String) -> Int {
  let right = Array(right)
  var previous = Array(0...right.count)
  for (row, letter) in left.enumerated() {
    var current = [row + 1]
    for (column, other) in right.enumerated() {
      current.append(min(previous[column] + (letter == other ? 0 : 1), previous[column + 1] + 1, current[column] + 1))
    }
    previous = current
  }
  return previous[right.count]
}
