use contracts::finance::{
    InvoiceIssued, OrderSettled, PaymentCaptured, PaymentReceived, RefundDue,
};
use contracts::intake::PaymentRequested;
use contracts::{Cents, InvoiceId, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was asked for, paid and billed; in the minor unit of the order's currency.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct MoneySummary {
    /// Until when a prepaid order is to be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pay_until: Option<Timestamp>,
    /// What was paid ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, example = 113_000)]
    pub(crate) prepaid: Option<Cents>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) invoices: Vec<InvoiceSummary>,
    /// What was paid of the invoices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) payments: Vec<PaymentSummary>,
    /// What goes back to the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, example = 113_000)]
    pub(crate) refund: Option<Cents>,
    /// Once the order is completed and settled: what is invoiced and not paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, example = 0)]
    pub(crate) open: Option<Cents>,
}

/// An invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct InvoiceSummary {
    #[schema(example = "2026-000001")]
    pub(crate) number: String,
    #[schema(value_type = i64, example = 113_000)]
    pub(crate) gross: Cents,
    #[schema(value_type = String, format = Date, example = "2026-12-01")]
    pub(crate) due_on: Date,
}

/// A payment of an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PaymentSummary {
    #[schema(example = "alipay")]
    pub(crate) provider: String,
    #[schema(example = "2026112822001")]
    pub(crate) payment: String,
    #[schema(value_type = uuid::Uuid)]
    pub(crate) invoice: InvoiceId,
    #[schema(value_type = i64, example = 113_000)]
    pub(crate) amount: Cents,
}

impl MoneySummary {
    pub(crate) fn ask(&mut self, it: &PaymentRequested) -> bool {
        self.pay_until.replace(it.until) != Some(it.until)
    }

    pub(crate) fn capture(&mut self, it: &PaymentCaptured) -> bool {
        self.prepaid.replace(it.amount) != Some(it.amount)
    }

    pub(crate) fn invoice(&mut self, it: &InvoiceIssued) -> bool {
        if self.invoices.iter().any(|known| known.number == it.number) {
            return false;
        }
        let InvoiceIssued { number, gross, due_on, .. } = it.clone();
        self.invoices.push(InvoiceSummary { number, gross, due_on });
        true
    }

    pub(crate) fn pay(&mut self, it: &PaymentReceived) -> bool {
        let paid = PaymentSummary {
            provider: it.provider.to_string(),
            payment: it.payment.to_string(),
            invoice: it.invoice,
            amount: it.amount,
        };
        let is_known = self.payments.contains(&paid); // One payment pays an invoice once.
        if !is_known {
            self.payments.push(paid);
            self.lower();
        }
        !is_known
    }

    pub(crate) fn owe_back(&mut self, it: &RefundDue) -> bool {
        self.refund = Some(self.refund.unwrap_or_default() + it.amount);
        true
    }

    /// The settlement is said once: what is paid after it is taken off what was open then.
    fn lower(&mut self) {
        let Some(open) = &mut self.open else { return };
        let gross = self.invoices.iter().fold(Cents::ZERO, |sum, it| sum + it.gross);
        let paid =
            self.payments.iter().fold(self.prepaid.unwrap_or_default(), |sum, it| sum + it.amount);
        *open = (*open).min((gross - paid).max(Cents::ZERO));
    }

    pub(crate) fn settle(&mut self, it: &OrderSettled) -> bool {
        self.open.replace(it.open) != Some(it.open)
    }
}

#[cfg(test)]
mod tests {
    use contracts::{OrderId, PaymentId, ProviderId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_paid_after_the_settlement_is_not_open_any_more() {
        let invoice = InvoiceSummary {
            number: "2026-1".to_owned(),
            gross: Cents(1_000),
            due_on: Date::constant(2026, 12, 22),
        };
        let mut money = MoneySummary { invoices: vec![invoice], ..MoneySummary::default() };
        money.open = Some(Cents(1_000));
        let paid = |name: &str, amount| PaymentReceived {
            order: OrderId(Uuid::nil()),
            customer: contracts::CustomerId::new("C-1").unwrap(),
            invoice: InvoiceId(Uuid::nil()),
            provider: ProviderId::new("bank").unwrap(),
            payment: PaymentId::new(name).unwrap(),
            amount: Cents(amount),
            currency: contracts::Currency::new("CNY").unwrap(),
            value_date: Date::constant(2026, 12, 1),
        };

        assert!(money.pay(&paid("first", 400)) && !money.pay(&paid("first", 400)));
        assert_eq!(money.open, Some(Cents(600)));
        money.pay(&paid("second", 700));
        assert_eq!(money.open, Some(Cents::ZERO));
    }
}
