import ArgumentParser

/// What a model is compared with.
struct ReferenceOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("Compare with this model in fp32, not with the same model.", valueName: "MODEL"),
    completion: .models)
  var reference: String?
}
