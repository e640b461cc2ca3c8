import JSON
import ZooCore

extension PretrainedFolder {
  /// The chat template, from chat_template.jinja or tokenizer_config.json, and the tokens that it knows by name; `nil` for a
  /// model without one.
  ///
  /// - Throws: `ZooError` (`badData`) for files that are no text or no JSON.
  package func chat() throws -> ChatSettings? {
    let settings = try settings("tokenizer_config.json")
    guard let template = try text("chat_template.jinja") ?? Self.template(settings?.value("chat_template")) else {
      return nil
    }
    let others = try self.settings("special_tokens_map.json")
    return ChatSettings(
      template: template,
      tokens: Self.names.compactMap { name in
        guard let value = settings?.value(name) ?? others?.value(name) else { return nil }
        // By its text, or by an object that holds it.
        return (value.text ?? value["content"]?.text).map { ChatSettings.NamedToken(name: name, text: $0) }
      })
  }

  private static let names = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// Of several that have names, the usual one.
  private static func template(_ value: JSON?) -> String? {
    guard let list = value?.list else { return value?.text }
    return list.first { $0["name"]?.text == "default" }?["template"]?.text
  }
}
