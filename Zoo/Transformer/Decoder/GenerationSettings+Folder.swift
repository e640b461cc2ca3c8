import HuggingFace
import ZooCore

extension GenerationSettings {
  /// What generation_config.json says, or config.json where there is none, for a decoder of so many positions.
  init(_ folder: PretrainedFolder, positions: Int) throws {
    let settings = try folder.settings("generation_config.json") ?? folder.configuration
    var ends = try settings.tokens("eos_token_id")
    if ends.isEmpty { ends = try folder.configuration.tokens("eos_token_id") }
    self.init(endTokens: ends, padToken: try settings.tokens("pad_token_id").first, maximumLength: positions)
    beams = try settings.count("num_beams", default: 1)
    // Without it, the library's own generation is greedy too, whatever the other numbers are.
    if try settings.bool("do_sample", default: false) {
      temperature = try settings.float("temperature", default: 1)
      let most = settings.value("top_k")?.integer ?? 50
      topK = most > 0 ? most : nil
      let share = try settings.float("top_p", default: 1)
      topP = share < 1 ? share : nil
      let least = try settings.float("min_p", default: 0)
      minP = least > 0 ? least : nil
      let typical = try settings.float("typical_p", default: 1)
      typicalP = typical > 0 && typical < 1 ? typical : nil
    }
    let penalty = try settings.float("repetition_penalty", default: 1)
    repetitionPenalty = penalty > 0 && penalty != 1 ? penalty : nil
  }
}
