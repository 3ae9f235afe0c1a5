use chassis::House;
use gateway::{Gateway, GatewaySettings};
use notification::NotificationSettings;
use webhook::{Webhook, WebhookSettings};

/// Every service there is.
pub fn house(
    gateway: Gateway,
    notification: NotificationSettings,
    webhook: WebhookSettings,
) -> House {
    House::default()
        .with(intake::Intake)
        .with(credit::Credit)
        .with(allocation::Allocation::default())
        .with(inventory::Inventory)
        .with(fulfilment::Fulfilment)
        .with(notification::Notification::new(notification))
        .with(finance::Finance)
        .with(Webhook::new(webhook))
        .with(gateway)
}

/// Every service, as it is without settings: to look at what it hears and says.
pub fn plain() -> House {
    house(
        Gateway::new(GatewaySettings::default()),
        NotificationSettings::default(),
        WebhookSettings::default(),
    )
}

#[cfg(test)]
mod tests {
    /// Everything that is heard is said by exactly one service, and everything can be answered.
    #[test]
    fn no_message_is_an_orphan() {
        assert_eq!(super::plain().miswired(), [""; 0]);
    }

    #[test]
    fn an_unknown_name_is_refused_and_the_known_ones_are_listed() {
        let error = super::plain().desk("kredit").err().map(|it| it.to_string());
        let expected = "there is no service kredit; there are intake, credit, allocation, \
                        inventory, fulfilment, notification, finance, webhook, gateway";
        assert_eq!(error.as_deref(), Some(expected));
    }
}
